/**
 * Takes secrets out of a stream of bytes, also where one comes in pieces. Of what came it keeps back only as much as may
 * still become one. Pure.
 */
import { markOf, type SecretForm } from "./secret-forms.ts";

interface Candidate {
  readonly bytes: Buffer;
  readonly mark: Buffer;
}

/** What is found at a place: something that is taken out, nothing, or what only the next bytes can tell. */
type Found = Candidate | "nothing" | "unknown";

/** One stream. */
export class MaskStream {
  /** By their first byte, the longest first. */
  readonly #candidates: readonly (readonly Candidate[])[];
  /** By their first two bytes, whether any begins so; the last byte that came is followed by 0, and so by any. */
  readonly #begins = new Uint8Array(65_536);
  #held: Buffer = Buffer.alloc(0);

  constructor(forms: readonly SecretForm[]) {
    const candidates = forms
      .toSorted((one, other) => other.bytes.length - one.bytes.length)
      .map(({ name, bytes }) => ({ bytes, mark: Buffer.from(markOf(name)) }));
    for (const { bytes } of candidates) this.#noteBegin(bytes);
    this.#candidates = Array.from({ length: 256 }, (_, byte) => candidates.filter(({ bytes }) => bytes[0] === byte));
  }

  #noteBegin([first = 0, second]: Uint8Array): void {
    const from = first << 8;
    if (second === undefined) this.#begins.fill(1, from, from + 256);
    else this.#begins[from | second] = this.#begins[from] = 1;
  }

  /** Whether something is kept back. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** What can be passed on now. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    return this.#take(bytes, false);
  }

  /** What was kept back: nothing more comes, or nothing has come for a while. */
  flush(): Uint8Array {
    return this.#take(this.#held, true);
  }

  #take(bytes: Buffer, isEnd: boolean): Uint8Array {
    const passed: Buffer[] = [];
    let from = 0;
    let at = 0;
    for (at = this.#next(bytes, at); at < bytes.length; at = this.#next(bytes, at)) {
      const found = this.#find(bytes, at, isEnd);
      if (found === "unknown") break;
      if (found === "nothing") {
        at += 1;
        continue;
      }
      passed.push(bytes.subarray(from, at), found.mark);
      at += found.bytes.length;
      from = at;
    }
    passed.push(bytes.subarray(from, at));
    this.#held = Buffer.from(bytes.subarray(at));
    return passed.length === 1 ? (passed[0] ?? bytes) : Buffer.concat(passed);
  }

  /** The next place where one could begin: nearly every byte is passed over here. */
  #next(bytes: Buffer, from: number): number {
    let at = from;
    while (at < bytes.length && this.#begins[((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)] === 0) at += 1;
    return at;
  }

  /** The longest that stands there; unknown while a longer one than that may still come of it. */
  #find(bytes: Buffer, at: number, isEnd: boolean): Found {
    for (const candidate of this.#candidates[bytes[at] ?? 0] ?? []) {
      const { length } = candidate.bytes;
      const there = Math.min(length, bytes.length - at);
      if (there < length && isEnd) continue;
      if (candidate.bytes.compare(bytes, at, at + there, 0, there) !== 0) continue;
      return there < length ? "unknown" : candidate;
    }
    return "nothing";
  }
}
