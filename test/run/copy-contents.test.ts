import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { copyContents } from "../../src/run/copy-contents.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function copied(write: (path: string) => void): { blocks: number; bytes: Buffer; original: Buffer } {
  using directory = makeTempDir();
  const [from, to] = [directory.file("from", ""), directory.at("to")];
  write(from);
  const descriptors = [openSync(from, "r"), openSync(to, "wx")] as const;
  copyContents(...descriptors);
  descriptors.forEach(closeSync);
  return { blocks: statSync(to).blocks, bytes: readFileSync(to), original: readFileSync(from) };
}

test.each([0, 1, 65_535, 65_536, 65_537, 200_000])("copies %d bytes", async (length) => {
  const content = Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 251));
  const { bytes, original } = copied((path) => void Bun.spawnSync(["tee", path], { stdin: content }));
  expect(original.length).toBe(length);
  expect(bytes.equals(content)).toBe(true);
});

test("leaves holes where there is nothing, in the middle and at the end", () => {
  const { blocks, bytes, original } = copied((path) => {
    Bun.spawnSync(["dd", `of=${path}`, "bs=1", "seek=5000000"], { stdin: Buffer.from("end") });
    truncateSync(path, 9_000_000);
  });
  expect([bytes.length, bytes.equals(original)]).toEqual([9_000_000, true]);
  expect(blocks).toBeLessThan(512);
});
