import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  cleanVerifications,
  removalNow,
  verificationDirectoryStart,
  verificationPlaces,
} from "../../src/run/verification-files.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;
const what = "files of a verification that was killed";

/** A directory as a process of this number names it. */
function nameFor(pid: number): string {
  return verificationDirectoryStart().replace(`-${process.pid}-`, `-${pid}-`);
}

/** Numbers above any that are given (proc_sys_kernel(5), pid_max). */
const noProcess = 5_000_000;

test("verifications that were killed are cleaned up after, and whoever is at work is left alone", () => {
  using directory = makeTempDir();
  const dead = mkdtempSync(directory.at(nameFor(noProcess)));
  const alive = mkdtempSync(directory.at(nameFor(process.ppid)));
  const old = directory.file("cupel-attack-A10-0123abcd");
  const young = directory.file("cupel-attack-B13-0123abcd");
  utimesSync(old, 0, 0);
  // Another PID namespace's, and another's altogether.
  directory.folder(`cupel-verify-1-${noProcess}-aB3dE6`);
  directory.file("cupel-attack-plan");
  expect(cleanVerifications([directory.path], uid, { ...removalNow(), dryRun: true })).toHaveLength(4);
  expect(existsSync(dead)).toBe(true);
  expect(cleanVerifications([directory.path], uid, removalNow())).toEqual(
    [
      { result: "removed", path: old, what, bytes: 0 },
      { result: "left", path: young, reason: "an attack may be under way" },
      { result: "removed", path: dead, what, bytes: 0 },
      { result: "left", path: alive, reason: `process ${process.ppid} is at work with it` },
    ].toSorted((one, other) => (one.path < other.path ? -1 : 1)) as never,
  );
  expect([dead, alive, old, young].map((path) => existsSync(path))).toEqual([false, true, false, true]);
  expect(cleanVerifications([directory.at("missing")], uid, removalNow())).toEqual([]);
});

test("what lies below a mount is somebody's", () => {
  using directory = makeTempDir();
  const dead = mkdtempSync(directory.at(nameFor(noProcess)));
  const context = { dryRun: false, mountPoints: [`${dead}/mounted`] };
  expect(cleanVerifications([directory.path], uid, context)).toEqual([
    { result: "failed", path: dead, reason: `something is mounted on ${dead}/mounted` },
  ]);
  expect(existsSync(dead)).toBe(true);
});

test("canaries lie in each place once", () => {
  expect(verificationPlaces(undefined)).toEqual([...new Set([tmpdir(), "/var/tmp", "/dev/shm"])]);
  expect(verificationPlaces("/home/ada").at(-1)).toBe("/home/ada");
  expect(verificationPlaces("/")).toEqual(verificationPlaces(undefined));
});
