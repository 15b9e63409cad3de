import { expect, test } from "bun:test";
import { findWholeDisk, wholeDiskOf } from "../../src/host/whole-disk.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const host = createFixtureHost({
  files: {
    "/sys/dev/block/8:0/dev": "8:0\n",
    "/sys/dev/block/8:1/dev": "8:1\n",
    "/sys/dev/block/8:1/partition": "1\n",
    "/sys/dev/block/8:1/../dev": "8:0\n",
    "/sys/dev/block/259:2/dev": "259:2\n",
    "/sys/dev/block/259:2/partition": "2\n",
    "/home": { status: { device: 8 * 256 + 1 } },
    "/run": { status: { device: 0x19 } },
  },
});

test("a partition's disk is the one that its directory lies in", () => {
  expect(["8:0", "8:1", "259:2", "0:25"].map((number) => wholeDiskOf(host, number))).toEqual([
    "8:0",
    "8:0",
    undefined,
    undefined,
  ]);
});

test("a directory's disk is that of its device, if it has one", () =>
  expect(["/home", "/run", "/gone"].map((path) => findWholeDisk(host, path))).toEqual(["8:0", undefined, undefined]));
