/** The bytes of an instruction: a header, then one length-bounded record after another (protocol.ts). */
import { CupelError } from "../model/error.ts";

const twoTo32 = 2 ** 32;

/** Little-endian numbers, texts and records, one after another. */
export class InstructionWriter {
  /** Bytes written so far. */
  length = 0;
  #bytes = Buffer.alloc(16_384);

  /** Makes room; the buffer may be another afterwards, so it is looked up after this, never before. */
  #reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.length, this.#bytes.length * 2));
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return at;
  }

  /** Two bytes. */
  u16(value: number): void {
    const at = this.#reserve(2);
    this.#bytes.writeUInt16LE(value, at);
  }

  /** Four bytes. */
  u32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value, at);
  }

  /** Up to 2^53: every size and time that a plan can hold. */
  u64(value: number): void {
    this.u32(value % twoTo32);
    this.u32(Math.floor(value / twoTo32));
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Length, UTF-8, NUL. @throws CupelError `usage` for a text that holds a NUL. */
  text(value: string): void {
    if (value.includes("\0")) {
      throw new CupelError(
        "usage",
        `${JSON.stringify(value)} holds a NUL byte, which no path or argument can; remove it`,
      );
    }
    const length = Buffer.byteLength(value);
    this.u32(length);
    const at = this.#reserve(length + 1);
    this.#bytes.write(value, at);
    this.#bytes[at + length] = 0;
  }

  /** Kind, length of the payload, payload. */
  record(kind: number, payload: () => void): void {
    this.u16(kind);
    this.u16(0);
    const lengthAt = this.#reserve(4);
    const start = this.length;
    payload();
    this.#bytes.writeUInt32LE(this.length - start, lengthAt);
  }

  /** All of it, with its length in the header. */
  finish(): Uint8Array {
    this.#bytes.writeUInt32LE(this.length, totalLengthAt);
    return this.#bytes.subarray(0, this.length);
  }
}

/** Where the header says how long the whole is. */
const totalLengthAt = 8;

/** All of these bits that are set. */
export function bitsOf(...set: readonly (number | false)[]): number {
  return set.reduce<number>((all, bit) => all | (bit === false ? 0 : bit), 0);
}
