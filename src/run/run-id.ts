/** Ids of runs, which are those of the layers that they leave, and the names that both have while they are made. */
import { isThere } from "../host/is-there.ts";
import { makerWords, ownMakerWords } from "./maker.ts";

/** An id. */
export const idPattern: RegExp = /^[a-z2-9]{6}$/;

/** Without what is taken for something else (0, 1, l, o), and without vowels: no id is a word. */
const idLetters = "bcdfghjkmnpqrstvwxyz23456789";

/** A new one, which nobody need be unable to guess: what has it lies in a private directory. */
export function newId(): string {
  const letters = Array.from({ length: 6 }, () => idLetters[Math.floor(Math.random() * idLetters.length)]);
  return letters.join("");
}

/** One that neither a run nor a layer has in these state directories. */
export function freeId(stateDirectories: readonly string[]): string {
  for (;;) {
    const id = newId();
    const paths = stateDirectories.flatMap((directory) => [`${directory}/runs/${id}`, `${directory}/layers/${id}`]);
    if (!paths.some(isThere)) return id;
  }
}

/** While something is made, its name tells whose it is: a process and its place, and something that no other has. */
export const makingPattern: RegExp = new RegExp(`^running-${makerWords}-[0-9a-z]+$`);

/** The same of an image that is being unpacked. */
export const unpackingPattern: RegExp = new RegExp(`^unpacking-${makerWords}-[0-9a-z]+$`);

function randomMark(): string {
  return Math.floor(Math.random() * 36 ** 8).toString(36);
}

/** Such a name for this process. */
export function makingName(): string {
  return `running-${ownMakerWords()}-${randomMark()}`;
}

/** And of an image. */
export function unpackingName(): string {
  return `unpacking-${ownMakerWords()}-${randomMark()}`;
}
