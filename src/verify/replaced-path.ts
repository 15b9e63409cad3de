/** A directory that somebody else replaces while others go by its path. */
import { lstatSync, mkdirSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { errnoOf } from "../host/errno-of.ts";

/** How long it is the one, or the other, at most. */
const dwellMs = 4;

/**
 * A shell's words that do it again and again for 0.2 s and more, which leaves directory and link time for many turns on a
 * machine with other work, too. It ends well whatever comes of `act`, unless that has a special built-in in it (`:`, say):
 * where a redirection of one fails, the shell ends (POSIX, "Consequences of Shell Errors").
 */
export function overManyTurns(act: string): string {
  return `for pass in $(seq 20); do ${act}; sleep 0.01; done`;
}

/** What rename(2) and symlink(2) say where something stands at that path already. */
const taken: ReadonlySet<string> = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR"]);

/** A path at which a directory and a link to another place take turns. */
class Turns {
  readonly #path: string;
  readonly #target: string;
  readonly #away: string;
  #aside = 0;
  #hasTurned = false;

  constructor(path: string, target: string, away: string) {
    this.#path = path;
    this.#target = target;
    this.#away = away;
  }

  /** Others may take the directory away while it is at the path, and then have another one taken from them. */
  replace(): void {
    try {
      renameSync(this.#path, this.#away);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || !this.#hasTurned) throw error;
      mkdirSync(this.#away);
    }
    this.#hasTurned = true;
    this.#put(() => symlinkSync(this.#target, this.#path));
  }

  putBack(): void {
    this.#put(() => renameSync(this.#away, this.#path));
  }

  /** Others may be faster, and make something of their own at the path while nothing is there. */
  #put(place: () => void): void {
    for (;;) {
      this.#vacate();
      try {
        return place();
      } catch (error) {
        if (!taken.has(errnoOf(error))) throw error;
      }
    }
  }

  /** A link is ours, and goes; what others made is moved aside. */
  #vacate(): void {
    const stats = lstatSync(this.#path, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) unlinkSync(this.#path);
    else if (stats !== undefined) renameSync(this.#path, `${this.#path}.aside-${this.#aside++}`);
  }
}

/**
 * Begins `act` with the directory in place; from then on a link to `target` comes and goes there, until it is done. It is
 * over in every case before this returns. What `act` makes at the path itself lies beside it then. The directory is at
 * `away` meanwhile: out of the reach of `act`, which may take away what lies beside the path.
 */
export async function whileReplaced<Result>(
  path: string,
  target: string,
  act: () => Promise<Result>,
  away = `${path}.away`,
): Promise<Result> {
  const turns = new Turns(path, target, away);
  const state = { isOver: false };
  const acting = Promise.allSettled([act().finally(() => (state.isOver = true))]);
  try {
    while (!state.isOver) {
      turns.replace();
      await pause(Math.random() * dwellMs);
      turns.putBack();
      await pause(Math.random() * dwellMs);
    }
  } finally {
    await acting;
  }
  const [ended] = await acting;
  if (ended.status === "rejected") throw ended.reason;
  return ended.value;
}
