import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { quoteWords } from "../../src/report/shell-words.ts";

describe("quoteWords", () => {
  test("quotes only what needs it, and shows no control character", () => {
    expect(quoteWords(["make", "-j2", "CC=gcc", "a b", "it's", "", "a\nb\t\u001b'\\", "$HOME", "~"])).toBe(
      String.raw`make -j2 CC=gcc 'a b' 'it'\''s' '' $'a\nb\t\033\'\\' '$HOME' '~'`,
    );
  });

  test("gives a shell back the very same words", () => {
    const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const script = `printf '%s\\0' ${quoteWords(words)}`;
        const { stdout } = Bun.spawnSync(["bash", "-c", script], { env: { LC_ALL: "C.UTF-8" } });
        expect(stdout.toString()).toBe(words.map((text) => `${text}\0`).join(""));
      }),
      { numRuns: 50 },
    );
  });
});
