import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FrameReader, type Frame } from "../../src/launch/frame-reader.ts";
import { frameKinds } from "../../src/launch/protocol.ts";

function encode({ kind, payload }: Frame): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(frameKinds[kind], 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** Payloads as text of their bytes, for a readable difference. */
function shown(frames: readonly Frame[]): string[] {
  return frames.map(({ kind, payload }) => `${kind} ${Buffer.from(payload).toString("hex")}`);
}

const frame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom("event", "output", "errors"),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe("FrameReader", () => {
  test("gives frames in order, wherever the chunks are cut, and copies of what it was lent", () =>
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat(3000)), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(encode));
        const places = [0, ...cuts.filter((at) => at <= bytes.length).toSorted((a, b) => a - b), bytes.length];
        const reader = new FrameReader();
        const read = places.slice(1).flatMap((end, index) => {
          const lent = Uint8Array.from(bytes.subarray(places[index], end));
          const found = reader.push(lent);
          lent.fill(0xee);
          return found;
        });
        expect(shown(read)).toEqual(shown(frames));
      }),
    ));

  test("holds a frame back until its last byte", () => {
    const reader = new FrameReader();
    const whole = encode({ kind: "output", payload: Buffer.from("abc") });
    for (const byte of whole.subarray(0, -1)) expect(reader.push(Uint8Array.of(byte))).toEqual([]);
    expect(shown(reader.push(whole.subarray(-1)))).toEqual(["output 616263"]);
  });

  test("gives an empty frame", () =>
    expect(shown(new FrameReader().push(encode({ kind: "errors", payload: new Uint8Array() })))).toEqual(["errors "]));

  test.each([0, 4, 0x0100_0000, 0xffff_ffff])("throws for the kind %p", (kind) => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(kind, 0);
    expect(() => new FrameReader().push(header)).toThrow(new TypeError(`The launcher sent a frame of kind ${kind}`));
  });
});
