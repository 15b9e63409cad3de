/** Takes apart what a resident launcher sends: frames of a kind, a length and that many bytes, little-endian. */
import { frameKinds } from "./protocol.ts";

/** One frame. */
export interface Frame {
  readonly kind: keyof typeof frameKinds;
  readonly payload: Uint8Array;
}

const headerBytes = 8;

const kindNames = new Map<number, Frame["kind"]>(
  Object.entries(frameKinds).map(([name, kind]) => [kind, name as Frame["kind"]]),
);

/** Collects chunks; gives the frames that are whole. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that this chunk completes. @throws TypeError for a kind that there is not: the launcher is ours, so a bug. */
  push(chunk: Uint8Array): Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) frames.push(next);
    return frames;
  }

  #take(): Frame | undefined {
    const rest = this.#rest;
    if (rest.length < headerBytes) return undefined;
    const end = headerBytes + rest.readUInt32LE(4);
    if (rest.length < end) return undefined;
    const number = rest.readUInt32LE(0);
    const kind = kindNames.get(number);
    if (kind === undefined) throw new TypeError(`The launcher sent a frame of kind ${number}`);
    this.#rest = rest.subarray(end);
    return { kind, payload: rest.subarray(headerBytes, end) };
  }
}
