import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BodyReader } from "../../../src/run/network/body-reader.ts";
import type { BodyFraming } from "../../../src/run/network/http-request.ts";

/** How much of the text is content, and whether that is all of it. */
function read(
  framing: BodyFraming,
  text: string,
  step = text.length,
): { taken: number; isDone: boolean } | "malformed" {
  const reader = new BodyReader(framing);
  let taken = 0;
  for (let at = 0; at < text.length; at += Math.max(step, 1)) {
    const part = text.slice(at, at + Math.max(step, 1));
    const count = reader.take(Buffer.from(part, "latin1"));
    if (count === undefined) return "malformed";
    taken += count;
    if (count < part.length) break;
  }
  return { taken, isDone: reader.isDone };
}

const chunked = { kind: "chunked" } as const;

describe("BodyReader", () => {
  test.each([
    [{ kind: "none" }, "", { taken: 0, isDone: true }],
    [{ kind: "none" }, "GET /", { taken: 0, isDone: true }],
    [{ kind: "length", bytes: 0 }, "x", { taken: 0, isDone: true }],
    [{ kind: "length", bytes: 3 }, "ab", { taken: 2, isDone: false }],
    [{ kind: "length", bytes: 3 }, "abcGET /", { taken: 3, isDone: true }],
    [chunked, "0\r\n\r\n", { taken: 5, isDone: true }],
    [chunked, "3\r\nabc\r\n0\r\n\r\nGET /", { taken: 13, isDone: true }],
    [chunked, "0A\r\n0123456789\r\n", { taken: 16, isDone: false }],
    [chunked, "3\nabc\n0\n\n", "malformed"],
    [chunked, "3 \r\nabc\r\n", "malformed"],
    [chunked, "3;ext=1\r\nabc\r\n", "malformed"],
    [chunked, "0x3\r\nabc\r\n", "malformed"],
    [chunked, "-1\r\n", "malformed"],
    [chunked, "\r\n", "malformed"],
    [chunked, "fffffffff\r\n", "malformed"],
    [chunked, "3\r\nabcd\r\n", "malformed"],
    [chunked, "3\r\nabc0\r\n\r\n", "malformed"],
    [chunked, "0\r\nTrailer: x\r\n\r\n", "malformed"],
  ] satisfies [BodyFraming, string, unknown][])(
    "of %j takes of %j %j, in one piece or byte by byte",
    (framing, text, seen) => {
      expect(read(framing, text)).toEqual(seen as never);
      expect(read(framing, text, 1)).toEqual(seen as never);
    },
  );

  test("takes every chunked content whole, however it is cut", () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary-ascii", minLength: 1 })), fc.nat(9), (parts, step) => {
        const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
        const text = `${chunks.join("")}0\r\n\r\n`;
        expect(read(chunked, `${text}more`, step + 1)).toEqual({ taken: text.length, isDone: true });
      }),
    ));
});
