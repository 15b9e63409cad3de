/** A layer's bytes: as they are, or compressed with gzip. */
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ImageFault } from "./image-fault.ts";
import type { OpenBlob } from "./image-files.ts";

/** First bytes of what is compressed (RFC 1952, RFC 8878). */
const gzipMagic = "1f8b";
const zstandardMagic = "28b52ffd";

/**
 * By what it is, whatever it is said to be.
 * @throws ImageFault for nothing, or a way of compression that is not known here.
 */
export function decompress({ stream, magic }: OpenBlob): Readable {
  if (magic === "") throw new ImageFault("a layer is empty");
  if (magic === zstandardMagic) throw new ImageFault("a layer is compressed with Zstandard; have it made with gzip");
  if (!magic.startsWith(gzipMagic)) return stream;
  const gunzip = createGunzip();
  stream.on("error", (error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}
