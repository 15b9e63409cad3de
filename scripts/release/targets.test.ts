import { expect, test } from "bun:test";
import { readLockFile, requireLocked } from "../source/lock-file.ts";
import { nameExecutable, nameHelper, targets } from "./targets.ts";

test("every target's runtime is pinned by bun.lock, in the version of Bun that builds", () => {
  const lock = readLockFile();
  const versions = targets.map(({ runtimePackage }) => requireLocked(lock, runtimePackage).version);
  expect(versions).toEqual(targets.map(() => Bun.version));
});

test("files are named after version and platform", () => {
  expect(targets.map((target) => nameExecutable("1.2.3", target))).toEqual([
    "cupel-1.2.3-linux-x64",
    "cupel-1.2.3-linux-x64-musl",
    "cupel-1.2.3-linux-arm64",
    "cupel-1.2.3-linux-arm64-musl",
    "cupel-1.2.3-macos-x64",
    "cupel-1.2.3-macos-arm64",
    "cupel-1.2.3-windows-x64.exe",
  ]);
  expect(nameHelper("1.2.3", "arm64", "launcher")).toBe("cupel-helper-1.2.3-linux-arm64-launcher");
});
