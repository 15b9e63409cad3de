import { expect, test } from "bun:test";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../test/support/temp-dir.ts";
import { encodePublicKey } from "./release/signing.ts";

function sign(...words: string[]): { code: number; stderr: string } {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, join(import.meta.dir, "sign.ts"), ...words]);
  return { code: exitCode, stderr: stderr.toString() };
}

test("makes a key that only its owner can read, and never over another", () => {
  using directory = makeTempDir();
  const key = directory.at("key");
  expect(sign("--new-key", key)).toEqual({ code: 0, stderr: "" });
  expect(statSync(key).mode & 0o777).toBe(0o600);
  const before = readFileSync(key, "utf8");
  const again = sign("--new-key", key);
  expect([again.code, again.stderr.includes("EEXIST")]).toEqual([125, true]);
  expect(readFileSync(key, "utf8")).toBe(before);
});

test("signs a release that was built for the key, and no other", () => {
  using directory = makeTempDir();
  const [key, other] = [directory.at("key"), directory.at("other")];
  for (const path of [key, other]) sign("--new-key", path);
  const publicPem = readFileSync(`${key}.pub`, "utf8");
  const release = directory.folder("release");
  directory.file("release/install.sh", `public_key='${encodePublicKey(publicPem)}'\n`);
  directory.file("release/SHA256SUMS", "sums\n");
  expect(sign("--key", other, release)).toEqual({
    code: 125,
    stderr: `cupel: ${release} was not built for the key in ${other}: its installer would refuse the signature\n`,
  });
  expect(sign("--key", key, release).code).toBe(0);
  const signature = readFileSync(join(release, "SHA256SUMS.sig"));
  expect(verify(null, Buffer.from("sums\n"), createPublicKey(publicPem), signature)).toBeTrue();
});

test.each([[[]], [["--key"]], [["--sign", "file"]], [["--new-key", "a", "b"]]])(
  "refuses %j as wrong usage",
  (words) => {
    const { code, stderr } = sign(...words);
    expect([code, stderr]).toEqual([64, "cupel: usage: bun scripts/sign.ts --new-key FILE | --key FILE [FOLDER]\n"]);
  },
);
