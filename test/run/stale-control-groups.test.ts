import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { isUsable } from "../../src/model/capability.ts";
import { createControlGroups, jobGroupName } from "../../src/run/control-groups.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { parseJobGroupOwner, removeStaleControlGroups } from "../../src/run/stale-control-groups.ts";
import { measureControlGroups } from "../support/measured-control-groups.ts";
import { needs } from "../support/must-work.ts";
import { isRoot } from "../support/tester.ts";

const matrix = await measureControlGroups();
const places = ["memory", "pids"].map((name) => matrix[`cgroup.${name}`]);
const withGroups = needs(places.every(isUsable) && isRoot, "no control groups can be made here");

function leftovers(name: string): string[] {
  return places.map((place) => `${place?.value}/${name}`).filter((path) => existsSync(path));
}

describe("removeStaleControlGroups", () => {
  const gone = 4_194_304;

  withGroups("removes groups of a cupel that is gone, and no others", () => {
    const elsewhere = `cupel-${gone}-${"1".repeat(24)}-a1`;
    const names = [`cupel-${gone}-${ownPlace()}-a1`, jobGroupName("a1"), elsewhere, "cupel-test-other"];
    const groups = names.map((name) => createControlGroups({ pids: 5, memoryBytes: 1024 ** 3 }, matrix, name));
    removeStaleControlGroups(matrix);
    const left = names.map((name) => leftovers(name).length);
    for (const group of groups) group.remove();
    expect(left).toEqual([0, 2, 2, 2]);
  });

  test("does nothing where no place is known, or is there", () =>
    removeStaleControlGroups({ "cgroup.pids": { state: "works", value: "/no/such" } }));
});

describe("parseJobGroupOwner", () => {
  const place = "0123456789abcdef01234567";

  test.each([
    [`cupel-12-${place}-a1f`, { pid: 12, place }],
    [`cupel-12-${place}-`, undefined],
    [`cupel-12-${place}-a1-b`, undefined],
    [`xcupel-12-${place}-a1`, undefined],
    ["cupel-12-a1f", undefined],
    [`cupel-x-${place}-a1`, undefined],
    ["user.slice", undefined],
    ["cupel-probe-12-a1", undefined],
    ["cupel-probe-12", { pid: 12, place: ownPlace() }],
  ])("of %s", (name, maker) => expect(parseJobGroupOwner(name)).toEqual(maker));
});
