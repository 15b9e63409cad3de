import { describe, expect, test } from "bun:test";
import { unifiedHunks } from "../../src/report/unified-diff.ts";
import { makeTempDir } from "../support/temp-dir.ts";

/** The same numbers every time (a linear congruential generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
}

function randomText(next: () => number): string {
  const lines = Array.from({ length: next() % 40 }, () => `line ${next() % 12}`);
  return lines.join("\n") + (next() % 3 === 0 || lines.length === 0 ? "" : "\n");
}

describe("unifiedHunks", () => {
  test("is what patch(1) makes the one of the other by, for random texts", () => {
    using directory = makeTempDir();
    const next = numbers(1);
    for (let round = 0; round < 150; round++) {
      const [before, after] = [randomText(next), randomText(next)];
      const hunks = unifiedHunks(before, after);
      expect(hunks === "").toBe(before === after);
      if (hunks === "") continue;
      const file = directory.file("file", before);
      const patched = Bun.spawnSync(["patch", "--silent", "--output=-", file], {
        stdin: Buffer.from(`--- file\n+++ file\n${hunks}`),
      });
      expect([patched.stderr.toString(), patched.stdout.toString()]).toEqual(["", after]);
    }
  });

  test("shows three lines around what differs, and joins what is near", () => {
    const before = Array.from({ length: 30 }, (_, index) => `${index}\n`);
    const after = before.with(4, "four\n").with(9, "nine\n").toSpliced(25, 1);
    expect(unifiedHunks(before.join(""), after.join(""))).toBe(
      [
        "@@ -2,12 +2,12 @@",
        " 1\n 2\n 3\n-4\n+four\n 5\n 6\n 7\n 8\n-9\n+nine\n 10\n 11\n 12",
        "@@ -23,7 +23,6 @@",
        " 22\n 23\n 24\n-25\n 26\n 27\n 28\n",
      ].join("\n"),
    );
  });

  test("takes all out and puts all in where too much differs", () => {
    const text = (word: string): string => Array.from({ length: 1500 }, (_, index) => `${word} ${index}\n`).join("");
    const hunks = unifiedHunks(text("old"), text("new"));
    expect(hunks.split("\n").slice(0, 2)).toEqual(["@@ -1,1500 +1,1500 @@", "-old 0"]);
    expect(hunks.split("\n")).toHaveLength(3002);
  });
});
