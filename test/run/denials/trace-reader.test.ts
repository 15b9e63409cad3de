import { describe, expect, test } from "bun:test";
import { TraceReader } from "../../../src/run/denials/trace-reader.ts";

const beginning = "9 rt_sigaction(SIGSTOP, {sa_handler=SIG_DFL}, NULL, 8) = -1 EINVAL (Invalid argument)";
const failed = (process: number, path: string, call = "access"): string =>
  `${process} ${call}("${path}", R_OK) = -1 ENOENT (No such file or directory)`;

function read(lines: readonly string[], chunkBytes = 7): ReturnType<TraceReader["failures"]> {
  const reader = new TraceReader("/project");
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  return reader.failures();
}

const path = (name: string): object => ({ kind: "path", path: name, writes: false });

describe("TraceReader", () => {
  test("takes what the job and its children failed at, each once, in the order of the last time", () => {
    const lines = [failed(8, "/set-up"), failed(9, "/own-set-up"), beginning, failed(8, "/launcher"), failed(9, "/a")];
    expect(read([...lines, failed(10, "b"), failed(9, "/a"), failed(10, "/café")])).toEqual([
      { call: "access", errno: "ENOENT", aim: path("/project/b"), count: 1 },
      { call: "access", errno: "ENOENT", aim: path("/a"), count: 2 },
      { call: "access", errno: "ENOENT", aim: path("/café"), count: 1 },
    ] as never);
  });

  test("a second beginning is the job's own doing", () => {
    expect(read([beginning, failed(9, "/a"), beginning.replace("9", "10"), failed(10, "/b")])).toHaveLength(3);
  });

  test("takes nothing where the job never began", () => expect(read([failed(8, "/a"), failed(9, "/b")])).toEqual([]));

  test("keeps a bounded number of kinds", () => {
    const lines = Array.from({ length: 10_050 }, (_, index) => failed(9, `/${index}`));
    expect(read([beginning, ...lines], 65_536)).toHaveLength(10_000);
  });

  test("what is no line at all is dropped", () => {
    expect(read([beginning, "x".repeat(200_000), failed(9, "/a")], 65_536)).toEqual([
      { call: "access", errno: "ENOENT", aim: path("/a"), count: 1 },
    ] as never);
  });
});
