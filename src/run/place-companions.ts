/** The short files that go with an executable: helpers, manual page, address. All take their places, or none does. */
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { isThere } from "../host/is-there.ts";
import { namesIn } from "../host/names-in.ts";
import { removeIfThere, replaceFile } from "../host/replace-file.ts";
import { CupelError } from "../model/error.ts";
import type { Removal } from "../model/removal.ts";
import { isRunning } from "./gone-maker.ts";
import type { Installation } from "./installation.ts";
import { removeEntry, type RemovalContext } from "./removal.ts";

/** One of them. */
export interface Companion {
  readonly path: string;
  /** Undefined takes away what is there. */
  readonly content: Uint8Array | undefined;
  readonly mode: number;
}

/** What there was before, to be had back. */
interface Before {
  readonly companion: Companion;
  /** Folders that were made for it, the deepest first. */
  readonly made: readonly string[];
}

function missingFolders(path: string): string[] {
  const folder = dirname(path);
  return isThere(folder) ? [] : [folder, ...missingFolders(folder)];
}

/** For everyone to enter, whatever the umask: a helper that others cannot reach is of no use to them. */
function makeFolders(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
}

function put({ path, content, mode }: Companion): void {
  if (content === undefined) {
    removeIfThere(path);
    return;
  }
  const failure = replaceFile(path, content, { mode, isSynced: true });
  if (failure !== undefined) throw new CupelError("refused", `a file could not be written: ${failure}`);
}

function look({ path, mode }: Companion): Before {
  const content = isThere(path) ? readFileSync(path) : undefined;
  return { companion: { path, mode, content }, made: missingFolders(path) };
}

function putBack({ companion, made }: Before): void {
  put(companion);
  for (const folder of made) removeFolder(folder);
}

/** Another may have put something in it. */
function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    errnoOf(error);
  }
}

function toRefusal(error: unknown): CupelError {
  if (error instanceof CupelError) return error;
  const at = error instanceof Error && "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return new CupelError("refused", `a file could not be written: ${at}${errnoOf(error)}`, { cause: error });
}

/** Puts them in place; gives what puts back what was there before. @throws CupelError `refused` where one cannot be. */
export function placeCompanions(companions: readonly Companion[]): () => void {
  const before: Before[] = [];
  const putAllBack = (): void => before.toReversed().forEach(putBack);
  try {
    for (const companion of companions) {
      const found = look(companion);
      before.push(found);
      makeFolders(found.made);
      put(companion);
    }
    return putAllBack;
  } catch (error) {
    putAllBack();
    throw toRefusal(error);
  }
}

/** What replaceFile() and scripts/install.sh leave when they are killed: `launcher.PID`, `.launcher.PID`, `cupel.1.PID`. */
const halfWritten = { library: /^\.?[a-z]+\.(\d+)$/, manuals: /^\.?cupel\.1\.(\d+)$/ };

function cleanHalfWritten(folder: string, pattern: RegExp, uid: number, context: RemovalContext): Removal[] {
  return namesIn(folder).flatMap((name) => {
    const path = join(folder, name);
    const writer = pattern.exec(name)?.[1];
    if (writer === undefined || isRunning(Number(writer))) return [];
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.uid === uid ? removeEntry(path, "half written", context) : [];
  });
}

/** Removes companions that were being written when an installation was killed. */
export function cleanCompanions({ library, manuals }: Installation, uid: number, context: RemovalContext): Removal[] {
  return [
    ...(library === undefined ? [] : cleanHalfWritten(library, halfWritten.library, uid, context)),
    ...(manuals === undefined ? [] : cleanHalfWritten(manuals, halfWritten.manuals, uid, context)),
  ];
}
