import { expect, test } from "bun:test";
import { readTreeUsage } from "../../src/run/control-group-usage.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("reads what was used, of both versions", () => {
  using directory = makeTempDir();
  directory.file("memory/memory.max_usage_in_bytes", "4096\n");
  directory.file("pids/pids.peak", "9\n");
  directory.file("cpu/cpuacct.usage", "1500000000\n");
  const separate = { memory: directory.at("memory"), pids: directory.at("pids"), cpu: directory.at("cpu") };
  expect(readTreeUsage({ version: "v1", byController: separate })).toEqual({
    cpuMs: 1500,
    peakMemoryBytes: 4096,
    peakPids: 9,
  });
  directory.file("all/memory.peak", "8192\n");
  directory.file("all/cpu.stat", "usage_usec 2500\nuser_usec 2000\n");
  const all = { memory: directory.at("all"), pids: directory.at("all") };
  expect(readTreeUsage({ version: "v2", byController: all })).toEqual({
    cpuMs: 2.5,
    peakMemoryBytes: 8192,
    peakPids: undefined,
  });
});

test("says nothing of what is not counted", () =>
  expect(readTreeUsage({ version: "v2", byController: { pids: "/no/such" } })).toEqual({
    cpuMs: undefined,
    peakMemoryBytes: undefined,
    peakPids: undefined,
  }));
