/** The machine that cupel runs on, as a {@link Host}. */
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  readSync,
  statSync,
  type Stats,
} from "node:fs";
import { errnoOf } from "./errno-of.ts";
import type { Answer, FileStatus, Host, ProgramOptions, ProgramResult } from "./host.ts";

/** Most that {@link Host.readText} and {@link Host.readBytes} give: what is longer is cut. */
const readBytesMax = 1024 * 1024;

function answer<T>(ask: () => T | undefined): Answer<T> {
  try {
    const value = ask();
    return value === undefined ? { ok: false, errno: "ENOENT" } : { ok: true, value };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}

/** One buffer for all reads: they are synchronous, and most are of a line or two. */
const readBuffer = Buffer.allocUnsafe(65_536);

/** Reads at most {@link readBytesMax} bytes; O_NONBLOCK so that a FIFO without a writer does not hold us up. */
function readBounded(path: string): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    for (let count = -1; count !== 0 && total < readBytesMax; total += count) {
      count = readSync(descriptor, readBuffer, 0, readBuffer.length, null);
      if (count > 0) chunks.push(Buffer.from(readBuffer.subarray(0, count)));
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(descriptor);
  }
}

/** An answer without an exception for the commonest failure: making one costs more than the call. */
function readBytes(path: string): Answer<Buffer> {
  return answer(() => (statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readBounded(path)));
}

function readText(path: string): Answer<string> {
  const bytes = readBytes(path);
  return bytes.ok ? { ok: true, value: bytes.value.toString("utf8") } : bytes;
}

function kindOf(stats: Stats): FileStatus["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character-device";
  if (stats.isBlockDevice()) return "block-device";
  return stats.isFIFO() ? "fifo" : "socket";
}

function toFileStatus(stats: Stats | undefined): FileStatus | undefined {
  return stats === undefined
    ? undefined
    : {
        kind: kindOf(stats),
        mode: stats.mode & 0o7777,
        uid: stats.uid,
        gid: stats.gid,
        sizeBytes: stats.size,
        modifiedMs: stats.mtimeMs,
        inode: stats.ino,
        device: stats.dev,
        deviceNumber: stats.rdev,
      };
}

function isExecutableFile(path: string): boolean {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

function candidatesAlongPath(name: string, path: string): string[] {
  const directories = path.split(":").filter((directory) => directory.startsWith("/"));
  return directories.map((directory) => `${directory}/${name}`);
}

/** Every executable file `name` along a PATH, in order. */
export function findAlongPath(name: string, path: string): string[] {
  return candidatesAlongPath(name, path).filter(isExecutableFile);
}

/** Of a directory that could not be looked at: no directory is it. */
export const noInode = "0:0";

function standsIn(): Pick<Host, "directory" | "standing"> {
  const found = answer(() => process.cwd());
  if (!found.ok) return { directory: "/" };
  return { directory: found.value, standing: { directory: found.value, inode: inodeAt(".") ?? noInode } };
}

async function run(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { runProgram } = await import("./run-program.ts");
  return runProgram(program, programArguments, options);
}

/** Device and inode of what a path leads to; undefined where it leads nowhere. */
export function inodeAt(path: string): string | undefined {
  const stats = answer(() => statSync(path, { bigint: true }));
  return stats.ok ? `${stats.value.dev}:${stats.value.ino}` : undefined;
}

/** This machine, in this process's context. */
export function createRealHost(): Host {
  return {
    platform: process.platform,
    architecture: process.arch,
    identity: {
      uid: process.geteuid?.() ?? -1,
      gid: process.getegid?.() ?? -1,
      groups: process.getgroups?.() ?? [],
    },
    environment: process.env,
    ...standsIn(),
    readText,
    readBytes,
    list: (path) => answer(() => readdirSync(path).sort()),
    status: (path) => answer(() => toFileStatus(statSync(path, { throwIfNoEntry: false }))),
    linkStatus: (path) => answer(() => toFileStatus(lstatSync(path, { throwIfNoEntry: false }))),
    readLink: (path) => answer(() => readlinkSync(path)),
    realPath: (path) => answer(() => realpathSync.native(path)),
    findProgram: (name) => candidatesAlongPath(name, process.env["PATH"] ?? "").find(isExecutableFile),
    findPrograms: (name) => findAlongPath(name, process.env["PATH"] ?? ""),
    run,
  };
}
