/** Files of an unpacked image: documents, and blobs that are what their digests say. */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type ReadStream,
} from "node:fs";
import * as v from "valibot";
import { errnoOf } from "../../host/errno-of.ts";
import { ImageFault } from "./image-fault.ts";

/** An open blob. */
export interface OpenBlob {
  readonly stream: ReadStream;
  /** Its first bytes, in hexadecimal. */
  readonly magic: string;
}

/** Of an index or a manifest: registries allow as much. */
const documentBytesMax = 4 * 1024 * 1024;

/** No link, which could lead to any file of the caller's. */
function openFile(path: string, name: string): number {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    throw new ImageFault(`${name} cannot be read (${errnoOf(error)})`, { cause: error });
  }
  throw new ImageFault(`${name} is not a file`);
}

/** What a document says. @throws ImageFault for one that is something else. */
export function parseDocument<Schema extends v.GenericSchema>(
  text: string,
  name: string,
  schema: Schema,
): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (error) {
    throw new ImageFault(`${name} is not what an image has there (${error instanceof Error ? error.message : "?"})`, {
      cause: error,
    });
  }
}

/** A document. @throws ImageFault for what is no file, or too long. */
export function readText(path: string, name: string): string {
  const descriptor = openFile(path, name);
  try {
    if (fstatSync(descriptor).size > documentBytesMax) throw new ImageFault(`${name} is too long`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** The name that a blob has for people. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

/** What a text's digest is. */
export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/**
 * A blob, once it was read to its end and seen to be what its digest says. Who can change it meanwhile has what its
 * unpacking does, which is nothing to anybody but the job: see layer-tree.ts.
 * @throws ImageFault where it is not.
 */
export async function openBlob(path: string, digest: string): Promise<OpenBlob> {
  const name = shortDigest(digest);
  const descriptor = openFile(path, name);
  try {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream("", { fd: descriptor, autoClose: false, start: 0 })) {
      hash.update(chunk as Buffer);
    }
    if (`sha256:${hash.digest("hex")}` !== digest) throw new ImageFault(`${name} is not what its digest says`);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  const first = Buffer.alloc(4);
  const magic = first.toString("hex", 0, readSync(descriptor, first, 0, first.length, 0));
  return { stream: createReadStream("", { fd: descriptor, start: 0 }), magic };
}
