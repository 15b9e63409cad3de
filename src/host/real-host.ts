/** The machine that cupel runs on, as a {@link Host}. */
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  type Stats,
} from "node:fs";
import type { Answer, FileStatus, Host, ProgramOptions, ProgramResult } from "./host.ts";

/** Longest text that {@link Host.readText} gives: what is longer is cut. */
const readBytesMax = 1024 * 1024;

/** A name for any failure of a file system call, also those that the runtime itself raises. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}

function answer<T>(ask: () => T): Answer<T> {
  try {
    return { ok: true, value: ask() };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) };
  }
}

/** Reads at most {@link readBytesMax} bytes; O_NONBLOCK so that a FIFO without a writer does not hold us up. */
function readBounded(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; total < readBytesMax; ) {
      const chunk = Buffer.allocUnsafe(16_384);
      const count = readSync(descriptor, chunk, 0, chunk.length, null);
      if (count === 0) break;
      total += count;
      chunks.push(chunk.subarray(0, count));
    }
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    closeSync(descriptor);
  }
}

function kindOf(stats: Stats): FileStatus["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isCharacterDevice()) return "character-device";
  if (stats.isBlockDevice()) return "block-device";
  return stats.isFIFO() ? "fifo" : "socket";
}

function toFileStatus(stats: Stats): FileStatus {
  return {
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
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** Every executable file `name` along a PATH, in order. */
export function findAlongPath(name: string, path: string): string[] {
  const directories = path.split(":").filter((directory) => directory.startsWith("/"));
  return directories.map((directory) => `${directory}/${name}`).filter(isExecutableFile);
}

function currentDirectory(): string {
  const directory = answer(() => process.cwd());
  return directory.ok ? directory.value : "/";
}

async function run(program: string, programArguments: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const { runProgram } = await import("./run-program.ts");
  return runProgram(program, programArguments, options);
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
    directory: currentDirectory(),
    readText: (path) => answer(() => readBounded(path)),
    list: (path) => answer(() => readdirSync(path).sort()),
    status: (path) => answer(() => toFileStatus(statSync(path))),
    linkStatus: (path) => answer(() => toFileStatus(lstatSync(path))),
    readLink: (path) => answer(() => readlinkSync(path)),
    findPrograms: (name) => findAlongPath(name, process.env["PATH"] ?? ""),
    run,
  };
}
