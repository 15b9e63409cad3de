import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { verifyArchive } from "./runtime.ts";

const archive = Buffer.from("an archive");
const locked = {
  name: "@oven/bun-linux-x64",
  version: "1.4.5",
  sha512: createHash("sha512").update(archive).digest("base64"),
  dependencies: [],
};

test("verifyArchive takes what bun.lock names, and nothing else", () => {
  expect(() => verifyArchive(archive, locked)).not.toThrow();
  expect(() => verifyArchive(Buffer.from("another"), locked)).toThrow(
    "@oven/bun-linux-x64@1.4.5 as it was fetched is not what bun.lock names: its SHA-512 differs",
  );
});
