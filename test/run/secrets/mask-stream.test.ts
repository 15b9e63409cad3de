import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MaskStream } from "../../../src/run/secrets/mask-stream.ts";
import type { SecretForm } from "../../../src/run/secrets/secret-forms.ts";

const form = (name: string, text: string): SecretForm => ({ name, bytes: Buffer.from(text, "latin1") });

/** What one who has it all at once would write: at each place the longest that stands there. */
function maskNaively(forms: readonly SecretForm[], text: string): string {
  const longestFirst = forms.toSorted((one, other) => other.bytes.length - one.bytes.length);
  let masked = "";
  for (let at = 0; at < text.length;) {
    const found = longestFirst.find(({ bytes }) => text.startsWith(bytes.toString("latin1"), at));
    masked += found === undefined ? text[at] : `[secret ${found.name}]`;
    at += found?.bytes.length ?? 1;
  }
  return masked;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Few letters, so that secrets begin, end and repeat within each other. */
const letters = (options: { minLength?: number; maxLength: number }) =>
  fc.string({ unit: fc.constantFrom("a", "b", "\0", "\xff"), ...options });

describe("MaskStream", () => {
  test("writes of any pieces what is right for the whole, and keeps back less than the longest secret", () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(letters({ minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 4 }),
        fc.array(letters({ maxLength: 9 }), { maxLength: 8 }),
        (secrets, pieces) => {
          const forms = secrets.map((secret, index) => form(String(index), secret));
          const mask = new MaskStream(forms);
          const longest = Math.max(...secrets.map(({ length }) => length));
          let passed = "";
          let given = "";
          for (const piece of pieces) {
            given += piece;
            passed += latin1(mask.push(Buffer.from(piece, "latin1")));
            // All but what is kept back was masked as the whole will be.
            const isKept = Array.from({ length: longest }, (_, count) => given.slice(0, given.length - count)).some(
              (begun) => maskNaively(forms, begun) === passed,
            );
            expect(isKept).toBe(true);
          }
          expect(passed + latin1(mask.flush())).toBe(maskNaively(forms, given));
          expect(mask.isHolding).toBe(false);
        },
      ),
      { numRuns: 500 },
    ));

  test("passes on at once what cannot become a secret", () => {
    const mask = new MaskStream([form("T", "token")]);
    expect([latin1(mask.push(Buffer.from("a to"))), mask.isHolding]).toEqual(["a ", true]);
    expect([latin1(mask.push(Buffer.from("day"))), mask.isHolding]).toEqual(["today", false]);
  });

  test("flushed in the middle of a secret, passes that on", () => {
    const mask = new MaskStream([form("T", "token")]);
    expect([latin1(mask.push(Buffer.from("tok"))), latin1(mask.flush()), latin1(mask.push(Buffer.from("en")))]).toEqual(
      ["", "tok", "en"],
    );
  });
});
