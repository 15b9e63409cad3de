import { expect, test } from "bun:test";
import { parseTraffic, readTreeUsage } from "../../src/run/control-group-usage.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("reads what was used, of both versions", () => {
  using directory = makeTempDir();
  directory.file("memory/memory.max_usage_in_bytes", "4096\n");
  directory.file("pids/pids.peak", "9\n");
  directory.file("cpu/cpuacct.usage", "1500000000\n");
  directory.file("cpu/blkio.throttle.io_service_bytes_recursive", "8:0 Read 512\nTotal 512\n");
  const separate = { memory: directory.at("memory"), pids: directory.at("pids"), cpu: directory.at("cpu") };
  expect(readTreeUsage({ version: "v1", byController: separate })).toEqual({
    cpuMs: 1500,
    peakMemoryBytes: 4096,
    peakPids: 9,
    io: { readBytes: 512, writtenBytes: 0 },
  });
  directory.file("all/memory.peak", "8192\n");
  directory.file("all/io.stat", "");
  directory.file("all/cpu.stat", "usage_usec 2500\nuser_usec 2000\n");
  const all = { memory: directory.at("all"), pids: directory.at("all") };
  expect(readTreeUsage({ version: "v2", byController: all })).toEqual({
    cpuMs: 2.5,
    peakMemoryBytes: 8192,
    peakPids: undefined,
    io: { readBytes: 0, writtenBytes: 0 },
  });
});

test("says nothing of what is not counted", () =>
  expect(readTreeUsage({ version: "v2", byController: { pids: "/no/such" } })).toEqual({
    cpuMs: undefined,
    peakMemoryBytes: undefined,
    peakPids: undefined,
    io: undefined,
  }));

test.each([
  ["", 0, 0],
  ["8:0 Read 4096\n8:0 Write 1024\n8:0 Sync 1024\n8:0 Total 5120\n253:1 Read 1\nTotal 5121\n", 4097, 1024],
  ["8:0 rbytes=4096 wbytes=1024 rios=1 wios=1 dbytes=7 dios=1\n253:1 rbytes=1 wbytes=2 rios=1 wios=1\n", 4097, 1026],
])("%j is a traffic of %d and %d bytes", (text, readBytes, writtenBytes) =>
  expect(parseTraffic(text)).toEqual({ readBytes, writtenBytes }),
);
