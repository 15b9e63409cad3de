/**
 * Who makes something that others see as well: a process's number says nothing on another machine that shares the
 * directory (a home by NFS), nor in another PID namespace (pid_namespaces(7)).
 */
import { readFileSync, readlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

/** A process, and where its number is its own. */
export interface Maker {
  readonly pid: number;
  /** See {@link ownPlace}. */
  readonly place: string;
}

/** As it stands in a name: the number, and three times eight digits. */
export const makerWords = String.raw`(\d+)-([0-9a-f]{24})`;

/** So many digits has each part of a place. */
export const partLength = 8;

/** Of what cannot be told. */
export const noPart: string = "0".repeat(partLength);

/** Eight digits of an identifier that is none of its own (machine-id(5) is not to be shown to others). Pure. */
export function foldDigits(text: string): string {
  const words = text.replaceAll("-", "").match(/[0-9a-f]{8}/g) ?? [];
  const folded = words.reduce((sum, word) => sum ^ Number.parseInt(word, 16), 0) >>> 0;
  return folded.toString(16).padStart(partLength, "0");
}

/** None where it cannot be read. */
function digitsOf(read: () => string): string {
  try {
    return foldDigits(read());
  } catch (error) {
    errnoOf(error);
    return noPart;
  }
}

function namespaceDigits(): string {
  const inode = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
  return Number(inode).toString(16).padStart(partLength, "0");
}

let known: string | undefined;

/** The machine (machine-id(5)), its boot (/proc/sys/kernel/random/boot_id, random(4)) and the PID namespace. */
export function ownPlace(): string {
  known ??= [
    digitsOf(() => readFileSync("/etc/machine-id", "utf8")),
    digitsOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    digitsOf(namespaceDigits),
  ].join("");
  return known;
}

/** This process, as it stands in a name. */
export function ownMakerWords(): string {
  return `${process.pid}-${ownPlace()}`;
}
