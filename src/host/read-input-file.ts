/** Reads a file that the caller named: a file of ours that may be missing, huge, binary, or no file at all. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { CupelError } from "../model/error.ts";
import { errnoOf } from "./errno-of.ts";

/** What is expected of the file. */
export interface InputFile {
  /** What it should be, as it reads in a sentence: `a policy`. */
  readonly what: string;
  readonly maxBytes: number;
  /** Whether a pipe is taken as well, such as `<(cupel doctor --json)`; `-` is standard input then. */
  readonly pipes: boolean;
  /** Whether it may not be a symlink: a stranger's could lead to a file of the caller's, to be shown in a message. */
  readonly isItself?: boolean | undefined;
  /** Users who may have written it, where that matters: nobody else may be able to. */
  readonly owners?: readonly number[] | undefined;
}

const chunkBytes = 65_536;
const pauseMs = 5;
const pipeDeadlineMs = 120_000;

function refuse(path: string, problem: string, cause?: unknown): CupelError {
  return new CupelError("usage", `${path === "-" ? "Standard input" : path} ${problem}`, { cause });
}

const openProblems: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EACCES: "may not be read by you (EACCES)",
  ELOOP: "leads in a circle (ELOOP)",
  ENXIO: "is a socket or a device without a driver, and cannot be read",
};

const missing: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/** Without O_NONBLOCK a pipe that nobody writes to would be waited for when it is opened. */
function open(path: string, { what, isItself = false }: InputFile): number {
  if (path === "-") return 0;
  if (path === "") throw new CupelError("usage", `"" names no file; name ${what}`);
  if (path.includes("\0")) throw new CupelError("usage", `${JSON.stringify(path)} is no path; name ${what}`);
  try {
    const follow = isItself ? constants.O_NOFOLLOW : 0;
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | follow);
  } catch (error) {
    const errno = errnoOf(error);
    if (isItself && errno === "ELOOP") throw refuse(path, "is a symlink; put the file itself there", error);
    throw refuse(
      path,
      `${openProblems[errno] ?? `cannot be read (${errno})`}; name ${what} that ${missing.has(errno) ? "does" : "can be read"}`,
      error,
    );
  }
}

function kindOf(stats: Stats): string | undefined {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isFile() ? undefined : "a device";
}

/** Standard input may be closed. */
function statusOf(path: string, descriptor: number): Stats {
  try {
    return fstatSync(descriptor);
  } catch (error) {
    throw refuse(path, `cannot be read (${errnoOf(error)}); name a file`, error);
  }
}

function checkOwner(path: string, stats: Stats, { what, owners }: InputFile): void {
  if (owners === undefined) return;
  if (!owners.includes(stats.uid)) {
    throw refuse(path, `belongs to user ${stats.uid}, so it is not taken as ${what}; make it yours`);
  }
  if ((stats.mode & 0o022) !== 0) {
    throw refuse(path, `can be changed by others than you, so it is not taken as ${what}; chmod go-w it`);
  }
}

function checkKind(path: string, descriptor: number, file: InputFile): void {
  const { what, pipes, maxBytes } = file;
  const stats = statusOf(path, descriptor);
  const kind = kindOf(stats);
  const isTaken = kind === undefined || (pipes && (path === "-" || kind === "a pipe") && kind !== "a directory");
  if (!isTaken) throw refuse(path, `is ${kind}, not ${what}; name a file`);
  checkOwner(path, stats, file);
  if (kind === undefined && stats.size > maxBytes) throw tooLarge(path, file);
}

function tooLarge(path: string, { what, maxBytes }: InputFile): CupelError {
  return refuse(path, `is larger than ${what} may be (${maxBytes / 1024} KiB); name another file`);
}

/** Waits for a slow writer: the descriptor may be non-blocking. */
function readChunk(path: string, descriptor: number, started: number): Buffer {
  const buffer = Buffer.alloc(chunkBytes);
  for (;;) {
    try {
      return buffer.subarray(0, readSync(descriptor, buffer, 0, chunkBytes, null));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "EOF") return buffer.subarray(0, 0);
      if (errno !== "EAGAIN") throw refuse(path, `cannot be read (${errno})`, error);
      if (performance.now() - started > pipeDeadlineMs) throw refuse(path, "was waited for too long", error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}

function readAll(path: string, descriptor: number, file: InputFile): Buffer {
  const chunks: Buffer[] = [];
  const started = performance.now();
  let bytes = 0;
  for (;;) {
    const chunk = readChunk(path, descriptor, started);
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > file.maxBytes) throw tooLarge(path, file);
  }
}

function decode(path: string, bytes: Buffer, { what }: InputFile): string {
  if (bytes.includes(0)) throw refuse(path, `is binary, not ${what}; name a text file`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw refuse(path, `is not valid UTF-8, so it is not ${what}; name a text file`, error);
  }
}

/** The text of a file. @throws CupelError `usage`, one sentence, for whatever it is instead of what is expected. */
export function readInputFile(path: string, file: InputFile): string {
  const descriptor = open(path, file);
  try {
    checkKind(path, descriptor, file);
    return decode(path, readAll(path, descriptor, file), file);
  } finally {
    if (path !== "-") closeSync(descriptor);
  }
}
