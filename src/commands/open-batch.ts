/** The file of a batch, or standard input. */
import { createReadStream, fstatSync, openSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";

function unreadable(path: string, error: unknown): CupelError {
  return new CupelError(
    "usage",
    `--batch ${path === "" ? '""' : path} cannot be read (${errnoOf(error)}); name a file of JSON lines, or -`,
  );
}

function openFile(path: string): AsyncIterable<Uint8Array> {
  try {
    const descriptor = openSync(path, "r");
    if (!fstatSync(descriptor).isDirectory()) return createReadStream(path, { fd: descriptor });
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new CupelError("usage", `--batch ${path} is a directory; name a file`);
}

async function* readChunks(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The batch as a stream of bytes. @throws CupelError `usage` where it cannot be read, now or later. */
export function openBatch(path: string): AsyncIterable<Uint8Array> {
  return readChunks(path === "-" ? process.stdin : openFile(path), path);
}
