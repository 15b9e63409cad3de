/** The entries of a tar archive, one after another, with what is extended put together. */
import type { ByteReader } from "./byte-reader.ts";
import { ImageFault } from "./image-fault.ts";
import { blockBytes, parsePaxRecords, parseTarHeader, textIn, type PaxRecords, type TarHeader } from "./tar-header.ts";

/** One entry; its content is behind it in the stream, and is skipped where nobody takes it. */
export interface TarEntry extends TarHeader {
  /** Pieces of the content. */
  content(): AsyncGenerator<Buffer>;
}

/** What may stand in front of an entry: longer than any path. */
const extensionBytesMax = 1024 * 1024;

/** x and g are of POSIX, for one entry and for all; L and K of GNU, for a long name and a long target. */
const extensions = ["x", "g", "L", "K"];

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

async function takeExtension(
  reader: ByteReader,
  { type, sizeBytes }: TarHeader,
  before: PaxRecords,
): Promise<PaxRecords> {
  if (sizeBytes > extensionBytesMax) throw new ImageFault("a layer has an extended header that is too long");
  const bytes = await reader.take(sizeBytes);
  await reader.skip(paddingOf(sizeBytes));
  if (type === "L") return { ...before, path: textIn(bytes) };
  if (type === "K") return { ...before, linkpath: textIn(bytes) };
  return type === "x" ? { ...before, ...parsePaxRecords(bytes) } : before;
}

function sizeOf({ size }: PaxRecords, header: TarHeader): number {
  if (size === undefined) return header.sizeBytes;
  const sizeBytes = /^\d+$/.test(size) ? Number(size) : Number.NaN;
  if (!Number.isSafeInteger(sizeBytes)) throw new ImageFault("a layer has a file of a size that is none");
  return sizeBytes;
}

/** All of them. @throws ImageFault for what is no archive, or ends too early. */
export async function* readTarEntries(reader: ByteReader): AsyncGenerator<TarEntry> {
  let extended: PaxRecords = {};
  while (!(await reader.isAtEnd())) {
    const header = parseTarHeader(await reader.take(blockBytes));
    if (header === undefined) break;
    if (extensions.includes(header.type)) {
      extended = await takeExtension(reader, header, extended);
      continue;
    }
    // Only a file has content, whatever else says that it has.
    const sizeBytes = header.type === "0" ? sizeOf(extended, header) : 0;
    const { path = header.name, linkpath = header.linkName } = extended;
    extended = {};
    let isTaken = false;
    const content = (): AsyncGenerator<Buffer> => {
      isTaken = true;
      return reader.pieces(sizeBytes);
    };
    yield { ...header, name: path, linkName: linkpath, sizeBytes, content };
    if (!isTaken) await reader.skip(sizeBytes);
    await reader.skip(paddingOf(sizeBytes));
  }
  await reader.drain();
}
