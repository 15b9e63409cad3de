/** Reads the values of secrets, each from its source, and never says anything of what it read. */
import { closeSync, constants, fstatSync, openSync, read, type Stats } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import { CupelError } from "../../model/error.ts";
import { readCommand } from "./read-command.ts";
import type { StatedSecret } from "./secret-source.ts";

/** Of one value. */
export const secretBytesMax = 65_536;

/** So long may a descriptor take to come to its end, or a program to run. */
export const sourceDeadlineMs = 30_000;

/** Values by name, and what is worth a line. */
export interface ReadSecrets {
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly warnings: readonly string[];
}

/** What reading one may have to be told. */
export interface SourceSurroundings {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs?: number | undefined;
}

/** In a thread of the runtime's, which may wait for a pipe. */
function readSome(descriptor: number, into: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  read(descriptor, into, 0, into.length, null, (error, count) => {
    if (error === null) resolve(count);
    else reject(error);
  });
  return promise;
}

async function readToEnd(descriptor: number, into: Uint8Array): Promise<Buffer> {
  let length = 0;
  for (let count = 1; count > 0 && length < into.length; length += count)
    count = await readSome(descriptor, into.subarray(length));
  return Buffer.from(into.subarray(0, length));
}

/** As much as there is, or a byte more than a secret may have. @throws an error with a code. */
async function readAll(descriptor: number, deadlineMs: number): Promise<Buffer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(Object.assign(new Error("too late"), { code: "ETIMEDOUT" })), deadlineMs);
  try {
    return await Promise.race([readToEnd(descriptor, new Uint8Array(secretBytesMax + 1)), late]);
  } finally {
    clearTimeout(timer);
  }
}

function checkLength(value: Buffer, { stated }: StatedSecret): Buffer {
  if (value.length > 0 && value.length <= secretBytesMax) return value;
  const problem = value.length === 0 ? "is empty" : "is longer than 64 KiB, the most that a secret may have";
  throw new CupelError("usage", `${stated} ${problem}`);
}

const readByOthers = 0o004;
const writtenByOthers = 0o002;

/** A file that everyone reads keeps no secret; but those that container engines mount are such files. */
function warningAbout(path: string, { mode }: Stats, { stated }: StatedSecret): string[] {
  if ((mode & (readByOthers | writtenByOthers)) === 0) return [];
  const others = (mode & writtenByOthers) === 0 ? "read" : "change";
  return [`${stated}: every user of this machine may ${others} ${path}; chmod 600 ${path}`];
}

function openFile(path: string, stated: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    throw new CupelError("usage", `${stated}: ${path} cannot be read (${errnoOf(error)}); name a file that can`, {
      cause: error,
    });
  }
}

interface ReadValue {
  readonly value: Buffer;
  readonly warnings: readonly string[];
}

async function readFile(path: string, secret: StatedSecret, deadlineMs: number): Promise<ReadValue> {
  const descriptor = openFile(path, secret.stated);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile())
      throw new CupelError("usage", `${secret.stated}: ${path} is not a regular file; a pipe is given as fd:N`);
    return {
      value: checkLength(await readAll(descriptor, deadlineMs), secret),
      warnings: warningAbout(path, stats, secret),
    };
  } finally {
    closeSync(descriptor);
  }
}

/** Closed then: nothing that cupel starts is to have it. */
async function readDescriptor(number: number, secret: StatedSecret, deadlineMs: number): Promise<ReadValue> {
  try {
    return { value: checkLength(await readAll(number, deadlineMs), secret), warnings: [] };
  } catch (error) {
    if (error instanceof CupelError) throw error;
    const errno = errnoOf(error);
    const problem =
      errno === "ETIMEDOUT"
        ? `descriptor ${number} did not come to its end in ${deadlineMs / 1000} s; close its other end`
        : `descriptor ${number} cannot be read (${errno}); open it for cupel, as in ${number}<FILE`;
    throw new CupelError("usage", `${secret.stated}: ${problem}`, { cause: error });
  } finally {
    closeQuietly(number);
  }
}

function closeQuietly(number: number): void {
  try {
    closeSync(number);
  } catch (error) {
    // One that was never open has been told of.
    if (errnoOf(error) !== "EBADF") throw error;
  }
}

async function readOne(secret: StatedSecret, surroundings: SourceSurroundings): Promise<ReadValue> {
  const { source } = secret;
  const { directory, deadlineMs = sourceDeadlineMs } = surroundings;
  if (source.kind === "descriptor") return readDescriptor(source.number, secret, deadlineMs);
  if (source.kind === "command") {
    const limits = { deadlineMs, bytesMax: secretBytesMax };
    return {
      value: checkLength(await readCommand(source.words, secret.stated, surroundings, limits), secret),
      warnings: [],
    };
  }
  const path = source.path.startsWith("/") ? source.path : `${directory}/${source.path}`;
  return readFile(path, secret, deadlineMs);
}

/** Reads all, one after the other: programs may ask at the same terminal. @throws CupelError `usage`. */
export async function readSecrets(
  secrets: readonly StatedSecret[],
  surroundings: SourceSurroundings,
): Promise<ReadSecrets> {
  const values = new Map<string, Uint8Array>();
  const warnings: string[] = [];
  for (const secret of secrets) {
    const one = await readOne(secret, surroundings);
    values.set(secret.name, one.value);
    warnings.push(...one.warnings);
  }
  return { values, warnings };
}
