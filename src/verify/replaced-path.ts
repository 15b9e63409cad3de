/** A directory that somebody else replaces while others go by its path. */
import { renameSync, symlinkSync, unlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** How long it is the one, or the other, at most. */
const dwellMs = 4;

/** Begins `act` with the directory in place; from then on a link to `target` comes and goes there, until it is done. */
export async function whileReplaced<Result>(path: string, target: string, act: () => Promise<Result>): Promise<Result> {
  const away = `${path}.away`;
  const state = { isOver: false };
  const acting = act().finally(() => (state.isOver = true));
  while (!state.isOver) {
    renameSync(path, away);
    symlinkSync(target, path);
    await pause(Math.random() * dwellMs);
    unlinkSync(path);
    renameSync(away, path);
    await pause(Math.random() * dwellMs);
  }
  return acting;
}
