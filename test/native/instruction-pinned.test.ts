/** What the launcher's reader takes for a path at which one directory is meant. */
import { expect } from "bun:test";
import { assemble, least, text } from "../support/assemble-instruction.ts";
import { needsPrograms } from "../support/must-work.ts";
import { readInstructions, verdicts } from "../support/read-instructions.ts";

const needsCompiler = needsPrograms("gcc");
const { accepted, malformed } = verdicts;
const pinnedKind = 19;

function pinned(count: number, path: Uint8Array, numbers: number): Uint8Array {
  const payload = Buffer.concat([path, Buffer.alloc(numbers, 0xff)]);
  return assemble(...least, ...Array.from({ length: count }, () => [pinnedKind, payload] as const));
}

needsCompiler("takes a path with its device and inode, as often as there is room", async () => {
  const tried = [1, 4, 5].map((count) => pinned(count, text("/work"), 16));
  expect(await readInstructions(tried)).toEqual([accepted, accepted, malformed]);
});

needsCompiler("refuses paths that are none, and numbers that are not all there, or too many", async () => {
  const wrong = [
    ...["", "work", "/wo\0rk"].map((path) => pinned(1, text(path), 16)),
    ...[0, 8, 15, 17, 24].map((numbers) => pinned(1, text("/work"), numbers)),
  ];
  expect(await readInstructions(wrong)).toEqual(wrong.map(() => malformed));
});
