/**
 * The folder in which an upgrade makes ready what it will put in place: beside the executable, so that the last step is a
 * rename. It is there for one upgrade at a time, and of one that was killed the next one takes it away.
 */
import { lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { namesIn } from "../host/names-in.ts";
import { CupelError } from "../model/error.ts";
import type { Removal } from "../model/removal.ts";
import { isLeft, isRunning, makerFrom } from "./gone-maker.ts";
import { makerWords, ownMakerWords } from "./maker.ts";
import { removeEntry, type RemovalContext } from "./removal.ts";

/** Folders of this name are made by scripts/install.sh, too. */
const prefix = ".cupel-installing.";
const ownName = `${prefix}upgrade`;

/** Has the process id and the start time of whoever made the folder. */
const ownerName = "owner";

/** One that the installer made says nobody's name: after so long nobody is at work in it. The installer thinks so too. */
const abandonedMs = 60 * 60 * 1000;

/** A folder to work in. */
export interface Staging {
  at(name: string): string;
  /** Takes it away with all that is in it. */
  remove(): void;
}

/** When a process was started, in ticks since the boot: field 22 of proc_pid_stat(5). Empty where that cannot be told. */
function startedAt(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

/** The process that works in a folder; undefined where it has ended, also if its number is another's now. */
function findOwner(folder: string): number | undefined {
  const [pid = "", start = ""] = readOwner(folder).split(" ");
  if (!/^\d+$/.test(pid) || !isRunning(Number(pid))) return undefined;
  return startedAt(Number(pid)) === start ? Number(pid) : undefined;
}

function readOwner(folder: string): string {
  try {
    return readFileSync(join(folder, ownerName), "utf8").trim();
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

/** One that has its own name: of an upgrade that was killed before it could write who it is, too. */
const madeName = new RegExp(`^${prefix.replaceAll(".", String.raw`\.`)}${makerWords}-[0-9A-Za-z]{6}$`);

function isAbandoned(path: string): boolean {
  if (readOwner(path) !== "") return findOwner(path) === undefined;
  const made = madeName.exec(basename(path));
  if (made !== null && isLeft(makerFrom(made), path)) return true;
  return Date.now() - lstatSync(path).mtimeMs > abandonedMs;
}

function cleanFolder(path: string, uid: number, context: RemovalContext): Removal[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true || stats.uid !== uid) return [];
  if (!isAbandoned(path)) return [{ result: "left", path, reason: "an installation may be under way" }];
  return removeEntry(path, "files of an installation that was killed", context);
}

/** Removes the folders of installations that were killed, from the directory of an executable. */
export function cleanStaging(directory: string, uid: number, context: RemovalContext): Removal[] {
  const names = namesIn(directory).filter((name) => name.startsWith(prefix));
  return names.sort().flatMap((name) => cleanFolder(join(directory, name), uid, context));
}

function refuse(message: string, cause?: unknown): CupelError {
  return new CupelError("refused", message, { cause });
}

/** With its owner's name in it from the moment on in which it has its own. */
function makeFolder(directory: string): string {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(directory, `${prefix}${ownMakerWords()}-`));
    writeFileSync(join(folder, ownerName), `${process.pid} ${startedAt(process.pid)}`);
    return folder;
  } catch (error) {
    if (folder !== undefined) remove(folder);
    throw refuse(`${directory} cannot be written to (${errnoOf(error)}): nothing was changed`, error);
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A folder that is not empty is not replaced: of two that try, one does. */
function claim(folder: string, own: string): boolean {
  try {
    renameSync(folder, own);
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST"].includes(errnoOf(error))) return false;
    throw refuse(`${own} cannot be made (${errnoOf(error)}): nothing was changed`, error);
  }
}

const everything: RemovalContext = { dryRun: false, mountPoints: [] };

/**
 * Makes it, alone in this directory, and takes away what killed ones left there.
 * @throws CupelError `refused` where another is at work, or the directory cannot be written to.
 */
export function openStaging(directory: string, uid: number): Staging {
  const folder = makeFolder(directory);
  const own = join(directory, ownName);
  for (let tries = 2; !claim(folder, own); tries--) {
    const owner = findOwner(own);
    if (owner === undefined) cleanStaging(directory, uid, everything);
    if (owner === undefined && tries > 0) continue;
    remove(folder);
    throw refuse(
      `another upgrade of ${directory}/cupel is under way${owner === undefined ? "" : ` (process ${owner})`}`,
    );
  }
  cleanStaging(directory, uid, everything);
  return { at: (name) => join(own, name), remove: () => remove(own) };
}
