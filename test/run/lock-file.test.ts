import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { snapshotOf } from "../../src/report/snapshot.ts";
import { openLockFile, readLockFile, renderLock } from "../../src/run/lock-file.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const snapshot = snapshotOf(firecrackerRoot);

function writeLock(path: string): void {
  const file = openLockFile(path);
  file.write(renderLock(snapshot));
  file.close();
}

describe("a lock", () => {
  test("is read back as it was written, over what was there, and leaves nothing else", () => {
    using directory = makeTempDir();
    const path = directory.file("cupel.lock.json", "old");
    writeLock(path);
    expect(readLockFile(path)).toEqual(snapshot);
    expect(readFileSync(path, "utf8")).toBe(renderLock(snapshot));
    expect([readdirSync(directory.path), statSync(path).mode & 0o777]).toEqual([["cupel.lock.json"], 0o644]);
  });

  test("goes where a symlink leads", () => {
    using directory = makeTempDir();
    symlinkSync(directory.file("target"), directory.at("link"));
    writeLock(directory.at("link"));
    expect(readLockFile(directory.at("target"))).toEqual(snapshot);
  });

  test.each(["", "/dev/null", "/tmp", "/nowhere/at/all"])("is not written to %j", (path) => {
    const before = existsSync("/dev/null") && statSync("/dev/null").isCharacterDevice();
    expect(() => openLockFile(path)).toThrow(CupelError);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(before);
  });

  test("of another shape is refused with its place", () => {
    using directory = makeTempDir();
    const text = renderLock(snapshot).replace('"schema": 1', '"schema": 2');
    const path = directory.file("lock", text);
    expect(() => readLockFile(path)).toThrow(new CupelError("usage", `${path}:2:13: schema is 2, and has to be 1`));
    const more = directory.file("more", '{"schema": 1, "hosts": {}}');
    expect(() => readLockFile(more)).toThrow(
      new CupelError("usage", `${more}:1:15: there is no field "hosts" here, did you mean host?`),
    );
  });
});
