/**
 * Where a request's content ends (RFC 9112, sections 6 and 7.1). What comes behind it on the same connection could be
 * meant for another host, and is never passed on. Pure.
 */
import type { BodyFraming } from "./http-request.ts";

/** A chunk's size in hexadecimal, and no extensions, which mean nothing to anybody. */
const sizeLine = /^[0-9A-Fa-f]{1,8}\r\n$/;
const sizeLineMax = 10;

const lineFeed = 10;

/** Takes the bytes that belong to it, as they come. */
export class BodyReader {
  #state: "size" | "data" | "end of data" | "end of body" | "done" | "malformed";
  /** Of the data that is being read. */
  #left: number;
  #line = "";
  readonly #isChunked: boolean;

  constructor(framing: BodyFraming) {
    this.#isChunked = framing.kind === "chunked";
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#state = this.#isChunked ? "size" : this.#left > 0 ? "data" : "done";
  }

  /** All of it has come. */
  get isDone(): boolean {
    return this.#state === "done";
  }

  /** How many of these bytes belong to it; undefined for content that is malformed. */
  take(bytes: Uint8Array): number | undefined {
    let at = 0;
    while (at < bytes.length && this.#state !== "done" && this.#state !== "malformed") {
      at += this.#state === "data" ? this.#takeData(bytes.length - at) : this.#takeLine(bytes[at] ?? 0);
    }
    return this.#state === "malformed" ? undefined : at;
  }

  #takeData(count: number): number {
    const taken = Math.min(count, this.#left);
    this.#left -= taken;
    if (this.#left === 0) this.#state = this.#isChunked ? "end of data" : "done";
    return taken;
  }

  #takeLine(byte: number): number {
    this.#line += String.fromCharCode(byte);
    if (byte === lineFeed) this.#endLine(this.#line);
    else if (this.#line.length >= sizeLineMax) this.#state = "malformed";
    return 1;
  }

  #endLine(line: string): void {
    this.#line = "";
    if (this.#state === "size") {
      this.#left = sizeLine.test(line) ? Number.parseInt(line, 16) : Number.NaN;
      const next = this.#left === 0 ? "end of body" : "data";
      this.#state = Number.isNaN(this.#left) ? "malformed" : next;
      return;
    }
    const next = this.#state === "end of data" ? "size" : "done";
    // Fields behind the last chunk would be one more place where a request can be told in two ways.
    this.#state = line === "\r\n" ? next : "malformed";
  }
}
