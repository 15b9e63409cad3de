/** Gets the executable of a release: written beside the old one, unpacked, and held against the signed list. */
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
import { download, type TakeChunk } from "../host/download.ts";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Release, ReleasedFile } from "../model/release.ts";
import { demandHash, type ReleaseOrder } from "./fetch-release.ts";

/** Five times what an executable has today. */
const fileBytesMax = 512 * 1024 * 1024;

function refuse(message: string, cause?: unknown): CupelError {
  return new CupelError("refused", message, { cause });
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
