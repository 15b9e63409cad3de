/** A stream of bytes, taken piece by piece. */
import { ImageFault } from "./image-fault.ts";

/** Reads what comes in chunks of any size; no more than `bytesMax` altogether. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  #pending: Buffer = Buffer.alloc(0);
  /** How many bytes have come. */
  bytes = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, bytesMax: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** False at the end. */
  async #fetch(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.bytes += value.length;
    if (this.bytes > this.#bytesMax) throw new ImageFault(`it unpacks to more than ${this.#bytesMax} bytes`);
    this.#pending = Buffer.from(value.buffer, value.byteOffset, value.length);
    return true;
  }

  /** Pieces of the next `count` bytes. @throws ImageFault where there are fewer. */
  async *pieces(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (this.#pending.length === 0 && !(await this.#fetch())) throw new ImageFault("a layer ends too early");
      const piece = this.#pending.subarray(0, left);
      this.#pending = this.#pending.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  /** The next `count` bytes. @throws ImageFault where there are fewer. */
  async take(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(count)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** @throws ImageFault where there are fewer. */
  async skip(count: number): Promise<void> {
    for await (const piece of this.pieces(count)) void piece;
  }

  /** Whether all has been taken. */
  async isAtEnd(): Promise<boolean> {
    while (this.#pending.length === 0) if (!(await this.#fetch())) return true;
    return false;
  }

  /** To the end: what is left out is still a part of what was signed for, and of what is capped. */
  async drain(): Promise<void> {
    while (await this.#fetch());
    this.#pending = Buffer.alloc(0);
  }
}
