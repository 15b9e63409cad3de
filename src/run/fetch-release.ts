/** Gets a release from its server: first who made it, then each file as the signed list has it. */
import { createHash, type Hash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { download, downloadBytes, type TakeChunk } from "../host/download.ts";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import { listName, signatureName, type Release, type ReleasedFile } from "../model/release.ts";
import { findRelease, isSigned, parseList } from "./read-release.ts";

/** Of the list and the signature. */
const textBytesMax = 1024 * 1024;

/** Five times what an executable has today. */
const fileBytesMax = 512 * 1024 * 1024;

function refuse(message: string, cause?: unknown): CupelError {
  return new CupelError("refused", message, { cause });
}

/** What is released for one platform, by whom. */
export interface ReleaseOrder {
  /** Address of the release's files. */
  readonly folder: string;
  /** The same as it may be shown. */
  readonly shown: string;
  readonly target: string;
  /** The key that the release has to be signed with: see {@link isSigned}. */
  readonly releaseKey: string;
  /** Ends a download: its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

async function fetchText({ folder, signal }: ReleaseOrder, name: string, problem: string): Promise<Buffer> {
  const got = await downloadBytes(`${folder}/${name}`, { bytesMax: textBytesMax, signal });
  if (got.ok) return got.bytes;
  throw refuse(`${problem}: ${got.reason}`);
}

/** The release at an address, its signature seen to be right. @throws CupelError `refused`. */
export async function fetchRelease(order: ReleaseOrder): Promise<Release> {
  const { shown, target, releaseKey } = order;
  const list = await fetchText(order, listName, `${shown}/${listName} could not be downloaded`);
  const unsigned = `The release has no signature that can be had, so it is not installed: ${shown}/${signatureName}`;
  const signature = await fetchText(order, signatureName, unsigned);
  if (!isSigned(list, signature, releaseKey))
    throw refuse(`The signature of the release at ${shown} is not by the key of this cupel: it is not installed`);
  const release = findRelease(parseList(list.toString("latin1")), target);
  if (typeof release === "string") throw refuse(`The release at ${shown} is of no use here: ${release}`);
  return release;
}

/** Writes what comes from its beginning on, and hashes it. */
function sinkInto(descriptor: number): { readonly begin: () => TakeChunk; readonly digest: () => string } {
  let hash: Hash = createHash("sha256");
  return {
    begin: () => {
      hash = createHash("sha256");
      ftruncateSync(descriptor, 0);
      let at = 0;
      return (chunk) => {
        hash.update(chunk);
        for (let done = 0; done < chunk.length;) {
          const count = writeSync(descriptor, chunk, done, chunk.length - done, at);
          done += count;
          at += count;
        }
      };
    },
    digest: () => hash.digest("hex"),
  };
}

function demandHash(name: string, actual: string, wanted: string): void {
  if (actual === wanted) return;
  throw refuse(`${name} as downloaded is not the file of the release: its SHA-256 is ${actual}, not ${wanted}`);
}

/** Full disks and the like are expected. */
async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof CupelError) throw error;
    throw refuse(`${path} could not be written (${errnoOf(error)})`, error);
  }
}

/** Downloads a file to `path`; what is not the file of the release is not left there to be used: this throws. */
async function fetchFile(order: ReleaseOrder, { name, sha256 }: ReleasedFile, path: string): Promise<void> {
  await writing(path, async () => {
    const descriptor = openSync(path, "wx", 0o600);
    try {
      const sink = sinkInto(descriptor);
      const options = { bytesMax: fileBytesMax, signal: order.signal };
      const reason = await download(`${order.folder}/${name}`, sink.begin, options);
      if (reason !== undefined) throw refuse(`${order.shown}/${name} could not be downloaded: ${reason}`);
      demandHash(name, sink.digest(), sha256);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Hashes what passes. */
function hashing(hash: Hash): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

/** zlib's own errors (Z_DATA_ERROR, …) are about what was released, the others about where it is written. */
function isOfArchive(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}

async function unpack(from: string, to: string, { executable, compressed }: Release): Promise<void> {
  const hash = createHash("sha256");
  try {
    const writer = createWriteStream(to, { flags: "wx", mode: 0o600 });
    await pipeline(createReadStream(from), createGunzip(), hashing(hash), writer);
  } catch (error) {
    if (!isOfArchive(error)) throw error;
    throw refuse(`${compressed?.name ?? from} as released cannot be unpacked`, error);
  }
  demandHash(executable.name, hash.digest("hex"), executable.sha256);
}

function flush(path: string, mode: number): void {
  chmodSync(path, mode);
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Gets the executable, compressed where the release has it so: half as long. It is on the disk then, with `mode`.
 * @throws CupelError `refused` where it cannot be had, is another, or there is no room for it.
 */
export async function fetchExecutable(
  order: ReleaseOrder,
  release: Release,
  path: string,
  mode: number,
): Promise<void> {
  const { executable, compressed } = release;
  if (compressed === undefined) {
    await fetchFile(order, executable, path);
  } else {
    const archive = `${path}.gz`;
    await fetchFile(order, compressed, archive);
    await writing(path, () => unpack(archive, path, release));
    rmSync(archive);
  }
  await writing(path, async () => flush(path, mode));
}

/** Gets a short file: a helper or the manual page. @throws CupelError `refused`. */
export async function fetchSmallFile(order: ReleaseOrder, { name, sha256 }: ReleasedFile): Promise<Buffer> {
  const bytes = await fetchText(order, name, `${order.shown}/${name} could not be downloaded`);
  demandHash(name, createHash("sha256").update(bytes).digest("hex"), sha256);
  return bytes;
}
