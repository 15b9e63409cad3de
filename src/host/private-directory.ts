/** Directories that are ours alone, for the saved report and the helpers: nobody else can have put anything there. */
import { accessSync, closeSync, constants, lstatSync, mkdirSync, openSync, readFileSync, type Stats } from "node:fs";
import type { Host } from "./host.ts";
import { errnoOf } from "./errno-of.ts";

/** Why a directory is not used. */
export type PrivateDirectory = { readonly ok: true } | { readonly ok: false; readonly reason: string };

function lstatOrErrno(path: string): Stats | string {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? "ENOENT";
  } catch (error) {
    return errnoOf(error);
  }
}

/** All ancestors of an absolute path, nearest first, without the path itself. */
export function ancestorsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.map((_, index) => `/${parts.slice(0, parts.length - 1 - index).join("/")}`);
}

/** Whether the current user namespace's root is the host's (user_namespaces(7)). What cannot be read counts as yes. */
export function parseIsHostRoot(uidMap: string): boolean {
  return uidMap.split("\n").some((line) => {
    const [inside, outside, count] = line.split(" ").filter((field) => field !== "");
    return inside === "0" && outside === "0" && count !== undefined;
  });
}

let isHostRoot: boolean | undefined;

/** Root has rights over others' directories that others could use; root of a namespace of its own has none to lend. */
export function isRootOfTheHost(uid: number): boolean {
  if (uid !== 0) return false;
  isHostRoot ??= readIsHostRoot();
  return isHostRoot;
}

function readIsHostRoot(): boolean {
  try {
    return parseIsHostRoot(readFileSync("/proc/self/uid_map", "utf8"));
  } catch (error) {
    errnoOf(error);
    return true;
  }
}

function othersMayWrite(stats: Stats): boolean {
  return (stats.mode & 0o022) !== 0;
}

/** Only root's own ancestors will do for root: whoever owns one of them could put a symlink in the way. */
function checkAncestor(path: string): string | undefined {
  const stats = lstatOrErrno(path);
  if (typeof stats === "string") return stats === "ENOENT" ? undefined : `${path}: ${stats}`;
  if (!stats.isDirectory()) return `${path} is not a directory`;
  const isSticky = (stats.mode & 0o1000) !== 0;
  if (stats.uid !== 0) return `${path} belongs to user ${stats.uid}, not to root`;
  return othersMayWrite(stats) && !isSticky ? `${path} can be changed by others than root` : undefined;
}

function checkItself(path: string, uid: number): string | undefined {
  const stats = lstatOrErrno(path);
  if (typeof stats === "string") return `${path}: ${stats}`;
  if (!stats.isDirectory()) return `${path} is not a directory`;
  if (stats.uid !== uid) return `${path} belongs to user ${stats.uid}, not to ${uid}`;
  return othersMayWrite(stats) ? `${path} can be changed by others` : undefined;
}

/** Whether nobody but `uid` (and root) could have written what is in `path`. */
export function checkPrivateDirectory(path: string, uid: number): PrivateDirectory {
  const ancestors = isRootOfTheHost(uid) ? ancestorsOf(path) : [];
  const reason = checkItself(path, uid) ?? ancestors.map(checkAncestor).find((found) => found !== undefined);
  return reason === undefined ? { ok: true } : { ok: false, reason };
}

function make(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return undefined;
  } catch (error) {
    return `${path}: ${errnoOf(error)}`;
  }
}

/** Makes `path` (0700) where it is missing, then checks it. For root the ancestors are checked before anything is made. */
export function usePrivateDirectory(path: string, uid: number): PrivateDirectory {
  const existing = checkPrivateDirectory(path, uid);
  if (existing.ok) return existing;
  if (isRootOfTheHost(uid)) {
    const reason = ancestorsOf(path)
      .map(checkAncestor)
      .find((found) => found !== undefined);
    if (reason !== undefined) return { ok: false, reason };
  }
  const failure = make(path);
  return failure === undefined ? checkPrivateDirectory(path, uid) : { ok: false, reason: failure };
}

/** O_TMPFILE without O_DIRECTORY (open(2), Linux 3.11): a file that never has a name. */
const unnamed = 0o20000000;

function denialOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

/** By making one, since Landlock has no part in access(2); not every file system knows such files. */
function writeDenial(path: string): string | undefined {
  const flags = constants.O_DIRECTORY | unnamed | constants.O_WRONLY;
  const errno = denialOf(() => closeSync(openSync(path, flags, 0o600)));
  const isUnknown = errno === "EOPNOTSUPP" || errno === "EISDIR" || errno === "EINVAL";
  const denial = isUnknown ? denialOf(() => accessSync(path, constants.W_OK)) : errno;
  return denial === undefined ? undefined : `${path}: ${denial}`;
}

/** As {@link usePrivateDirectory}, for what is to be written: one that is there can lie on a read-only file system (EROFS). */
export function useWritableDirectory(path: string, uid: number): PrivateDirectory {
  const used = usePrivateDirectory(path, uid);
  const reason = used.ok ? writeDenial(path) : undefined;
  return reason === undefined ? used : { ok: false, reason };
}

function withoutEndingSlashes(path: string): string {
  return path.endsWith("/") ? withoutEndingSlashes(path.slice(0, -1)) : path;
}

function absolute(path: string | undefined): string[] {
  return path?.startsWith("/") === true && path !== "/" ? [withoutEndingSlashes(path)] : [];
}

/**
 * Where cupel keeps its state, best first: $XDG_STATE_HOME/cupel, ~/.local/state/cupel, the run-time directory, and
 * private places under shared ones. Root keeps it in /var/lib/cupel unless told otherwise. Nowhere on another platform than
 * Linux: nothing that was measured there is worth keeping, and the paths and ids mean something else.
 */
export function stateDirectories(host: Pick<Host, "environment" | "identity" | "platform">): string[] {
  const { environment, identity } = host;
  if (host.platform !== "linux") return [];
  const stated = absolute(environment["XDG_STATE_HOME"]).map((directory) => `${directory}/cupel`);
  if (isRootOfTheHost(identity.uid))
    return [...stated, "/var/lib/cupel", "/run/cupel", "/dev/shm/cupel-0", "/tmp/cupel-0"];
  const own = `cupel-${identity.uid}`;
  return [
    ...stated,
    ...absolute(environment["HOME"]).map((directory) => `${directory}/.local/state/cupel`),
    ...absolute(environment["XDG_RUNTIME_DIR"]).map((directory) => `${directory}/cupel`),
    `/run/user/${identity.uid}/cupel`,
    `/dev/shm/${own}`,
    `/tmp/${own}`,
    `/var/tmp/${own}`,
  ];
}
