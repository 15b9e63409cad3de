import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { cleanControlGroups } from "../../src/run/clean-control-groups.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;
/** Beyond the largest process id that a kernel can be told to give out (4,194,304; proc_sys_kernel(5)). */
const nobody = 9_999_999;

test("removes groups of dead cupels, wherever they are, and no others", () => {
  using root = makeTempDir();
  const stale = root.folder(`user.slice/deep/cupel-${nobody}-${ownPlace()}-abc`);
  const probe = root.folder(`cupel-probe-${nobody}/below`).replace(/\/below$/, "");
  const busy = root.folder(`cupel-${nobody}-${ownPlace()}-def`);
  root.file(`cupel-${nobody}-${ownPlace()}-def/cgroup.procs`, "1\n");
  const others = [
    root.folder(`cupel-${process.pid}-${ownPlace()}-abc`),
    root.folder("cupel.slice"),
    root.folder("cupel-build"),
  ];
  const removed = { result: "removed", what: "a control group of a cupel that was killed", bytes: 0 } as const;
  const expected = [
    { result: "left", path: busy, reason: "it holds processes" },
    { ...removed, path: probe },
    { ...removed, path: stale },
  ];
  const sorted = (dryRun: boolean): unknown[] =>
    cleanControlGroups(uid, { dryRun }, root.path).toSorted((one, other) => one.path.localeCompare(other.path));
  expect(sorted(true)).toEqual(expected);
  expect([stale, probe].map((path) => existsSync(path))).toEqual([true, true]);
  expect(sorted(false)).toEqual(expected);
  expect([stale, probe, busy, ...others].map((path) => existsSync(path))).toEqual([
    false,
    false,
    true,
    true,
    true,
    true,
  ]);
  expect(cleanControlGroups(uid + 1, { dryRun: false }, root.path)).toEqual([]);
  expect(cleanControlGroups(uid, { dryRun: false }, root.at("missing"))).toEqual([]);
});
