/** Headers of tar archives: ustar with the extensions of POSIX (pax(1)) and GNU (tar(5)). Pure. */
import { ImageFault } from "./image-fault.ts";

/** Archives are made of blocks of this size. */
export const blockBytes = 512;

/** One block that says what follows. */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** The letter of its type, `0` for a file. */
  readonly type: string;
  readonly mode: number;
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly modifiedSeconds: number;
}

/** What an extended header says of the entry behind it. */
export interface PaxRecords {
  readonly path?: string | undefined;
  readonly linkpath?: string | undefined;
  readonly size?: string | undefined;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Up to the first NUL. @throws ImageFault for what is no text. */
export function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  try {
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  } catch (error) {
    throw new ImageFault("a layer has a name that is not valid UTF-8", { cause: error });
  }
}

/** Octal digits, or with the highest bit set a number in base 256 (GNU). */
function numberIn(bytes: Buffer): number {
  const [first = 0] = bytes;
  if ((first & 0x80) !== 0) {
    const value = bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & 0x7f);
    // A negative one has all bits set.
    return first === 0xff ? 0 : value;
  }
  const text = bytes.toString("latin1").replaceAll("\0", " ").trim();
  if (text !== "" && !/^[0-7]+$/.test(text)) throw new ImageFault("a layer is no tar archive");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

/** The sum of all bytes, with blanks in the place of the sum itself. */
function checksumOf(block: Buffer): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0);
}

/** Undefined for a block of zeros, which ends an archive. @throws ImageFault for what is no header. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (numberIn(block.subarray(148, 156)) !== checksumOf(block)) throw new ImageFault("a layer is no tar archive");
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? textIn(block.subarray(345, 500)) : "";
  const name = textIn(block.subarray(0, 100));
  const type = block.toString("latin1", 156, 157);
  const sizeBytes = numberIn(block.subarray(124, 136));
  if (!Number.isSafeInteger(sizeBytes)) throw new ImageFault("a layer has a file of a size beyond counting");
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkName: textIn(block.subarray(157, 257)),
    type: type === "\0" || type === "7" ? "0" : type,
    mode: numberIn(block.subarray(100, 108)),
    sizeBytes,
    modifiedSeconds: numberIn(block.subarray(136, 148)),
  };
}

/** `LENGTH KEY=VALUE` and a line feed, again and again. @throws ImageFault for what is none, or a file with holes. */
export function parsePaxRecords(bytes: Buffer): PaxRecords {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const digits = /^(\d{1,7}) /.exec(bytes.toString("latin1", at, at + 9))?.[1];
    const end = at + Number(digits);
    const equals = bytes.indexOf("=", at);
    if (digits === undefined || end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 10)
      throw new ImageFault("a layer has an extended header that cannot be read");
    const key = bytes.toString("latin1", at + digits.length + 1, equals);
    if (key.startsWith("GNU.sparse.")) throw new ImageFault("a layer has a file with holes, which is not unpacked");
    if (["path", "linkpath", "size"].includes(key)) records.set(key, textIn(bytes.subarray(equals + 1, end - 1)));
    at = end;
  }
  return { path: records.get("path"), linkpath: records.get("linkpath"), size: records.get("size") };
}
