import { expect, test } from "bun:test";
import { parseLockFile, readLockFile, requireLocked } from "./lock-file.ts";

const text = `{
  "lockfileVersion": 1,
  "packages": {
    "@a/one": ["@a/one@1.2.3", "", { "os": [ "linux", ], "dependencies": { "two": "^2.0.0" } }, "sha512-aa=="],

    "two": ["two@2.0.1", "", {}, "sha512-bb=="],
  }
}
`;

test("parseLockFile reads names, versions, hashes and dependencies", () => {
  expect([...parseLockFile(text).values()]).toEqual([
    { name: "@a/one", version: "1.2.3", sha512: "aa==", dependencies: ["two"] },
    { name: "two", version: "2.0.1", sha512: "bb==", dependencies: [] },
  ]);
});

test("readLockFile reads this checkout's", () => {
  const { version, sha512 } = requireLocked(readLockFile(), "valibot");
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Buffer.from(sha512, "base64")).toHaveLength(64);
});

test("requireLocked names what the lock does not know", () => {
  expect(() => requireLocked(parseLockFile(text), "three")).toThrow("bun.lock does not name three");
});
