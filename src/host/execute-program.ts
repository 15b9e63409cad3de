/**
 * Becomes another program (execve(2)), with every descriptor that this process was given: something that the runtime has
 * no call for. Bun marks what it inherits as closed on execution when it starts, and its own process.execve closes it all.
 */
import { readlinkSync } from "node:fs";
import { errnoName } from "./errno-name.ts";
import { errnoOf } from "./errno-of.ts";
import { namesIn } from "./names-in.ts";

/** Words of a command line, or variables as `NAME=value`: bytes, which need not be text (execve(2)). */
export type Words = readonly (string | Uint8Array)[];

/** What is executed; `keep`: descriptors to be passed on, whatever they are. */
export interface Execution {
  readonly path: string;
  readonly arguments: Words;
  readonly environment: Words;
  readonly keep: readonly number[];
}

interface Library {
  readonly symbols: {
    readonly fcntl: (descriptor: number, command: number, value: number) => number;
    readonly execve: (path: Uint8Array, words: BigUint64Array, variables: BigUint64Array) => number;
    readonly __errno_location: () => unknown;
  };
}

interface ForeignFunctions {
  readonly dlopen: (name: string, symbols: Readonly<Record<string, unknown>>) => Library;
  readonly ptr: (bytes: Uint8Array) => number;
  readonly read: { readonly i32: (address: unknown) => number };
}

/** The C library under which Bun runs: glibc's and musl's by the names that both keep. */
const libraries = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`] as const;

const symbols = {
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  // errno(3): both libraries have it behind this.
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** Not by an import: no other runtime has such a module, and none would load this file. */
function loadForeignFunctions(): ForeignFunctions | undefined {
  return process.getBuiltinModule("bun:ffi") as ForeignFunctions | undefined;
}

function openLibrary(foreign: ForeignFunctions): Library | string {
  const reasons: string[] = [];
  for (const name of libraries) {
    try {
      return foreign.dlopen(name, symbols);
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return reasons.join("; ");
}

/** What Bun opens for itself, by what it leads to (proc_pid_fd(5)). */
const ofRuntime = /^anon_inode:\[(?:eventpoll|eventfd|timerfd|io_uring)\]$/;

/** Bun keeps a copy of its input out of the way of what is inherited, at the end of what select(2) can wait for. */
const copyOfInput = 1023;

function isOfRuntime(descriptor: number): boolean {
  try {
    return descriptor === copyOfInput || ofRuntime.test(readlinkSync(`/proc/self/fd/${descriptor}`));
  } catch (error) {
    // It was for reading the list.
    errnoOf(error);
    return true;
  }
}

/** A program that is executed by way of /proc has a descriptor of its own here. */
function descriptorIn(path: string): number {
  return Number(/^\/proc\/\d+\/fd\/(\d+)$/.exec(path)?.[1] ?? -1);
}

function inherited({ path, keep }: Execution): number[] {
  const program = descriptorIn(path);
  const open = namesIn("/proc/self/fd").map(Number);
  const given = open.filter((descriptor) => descriptor > 2 && descriptor !== program);
  return given.filter((descriptor) => keep.includes(descriptor) || !isOfRuntime(descriptor));
}

/** fcntl(2). */
const setDescriptorFlags = 2;

/** As execve(2) takes them: pointers to bytes that end with a NUL, and a null pointer behind. */
function pointersTo(words: Words, { ptr }: ForeignFunctions, held: Uint8Array[]): BigUint64Array {
  const pointers = new BigUint64Array(words.length + 1);
  for (const [index, word] of words.entries()) {
    const bytes = Buffer.concat([Buffer.from(word), Buffer.alloc(1)]);
    held.push(bytes);
    pointers[index] = BigInt(ptr(bytes));
  }
  return pointers;
}

/** Executes; comes back only with the reason why that could not be done. */
export function executeProgram(execution: Execution): string {
  const foreign = loadForeignFunctions();
  if (foreign === undefined) return "this runtime cannot execute a program in its own place";
  const library = openLibrary(foreign);
  if (typeof library === "string") return library;
  const { fcntl, execve, __errno_location: errnoLocation } = library.symbols;
  const held: Uint8Array[] = [];
  const words = pointersTo(execution.arguments, foreign, held);
  const variables = pointersTo(execution.environment, foreign, held);
  for (const descriptor of inherited(execution)) fcntl(descriptor, setDescriptorFlags, 0);
  execve(Buffer.from(`${execution.path}\0`), words, variables);
  return errnoName(foreign.read.i32(errnoLocation()));
}
