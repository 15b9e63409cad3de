import { describe, expect, test } from "bun:test";
import { parseKeyedNumber, readEvidence, readGroupFile } from "../../src/run/control-group-counts.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("parseKeyedNumber", () => {
  test.each([
    ["oom 3\noom_kill 2\n", "oom_kill", 2],
    ["oom_kill_disable 1\noom_kill 0\n", "oom_kill", 0],
    ["max 9", "max", 9],
    ["", "max", 0],
    ["maximum 9\n", "max", 0],
  ])("of %p", (text, key, number) => expect(parseKeyedNumber(text, key)).toBe(number));
});

test("readGroupFile gives nothing for a file that a kernel lacks", () => {
  using directory = makeTempDir();
  expect([readGroupFile(directory.file("there", "1\n")), readGroupFile(directory.at("absent"))]).toEqual(["1\n", ""]);
});

describe("readEvidence", () => {
  test("reads the counters of both versions", () => {
    using directory = makeTempDir();
    directory.file("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    directory.file("pids/pids.events", "max 7\n");
    const separate = { memory: directory.at("memory"), pids: directory.at("pids") };
    expect(readEvidence({ version: "v1", byController: separate })).toEqual({
      outOfMemoryKills: 2,
      refusedForks: 7,
      evidence: [
        { action: "control group, processes killed for memory", result: "2" },
        { action: "control group, forks refused", result: "7" },
      ],
    });
    directory.file("all/memory.events", "low 0\nmax 9\noom 3\noom_kill 3\noom_group_kill 1\n");
    directory.file("all/pids.events", "max 5\n");
    const all = { memory: directory.at("all"), pids: directory.at("all") };
    expect(readEvidence({ version: "v2", byController: all })).toMatchObject({ outOfMemoryKills: 3, refusedForks: 5 });
  });

  test("counts nothing where there is nothing to read", () =>
    expect(readEvidence({ version: "v2", byController: { pids: "/no/such" } })).toMatchObject({
      outOfMemoryKills: 0,
      refusedForks: 0,
    }));
});
