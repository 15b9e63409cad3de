import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { OutcomeWriter } from "../../src/commands/outcome-writer.ts";
import { makeTempDir } from "../support/temp-dir.ts";

async function writeTo(path: string, lines: readonly string[]): Promise<string[]> {
  const failures: string[] = [];
  const descriptor = openSync(path, "w");
  const writer = new OutcomeWriter(descriptor, (errno) => failures.push(errno));
  for (const line of lines) await writer.write(line);
  await writer.finish();
  closeSync(descriptor);
  return failures;
}

describe("OutcomeWriter", () => {
  test("writes lines whole and in their order, however many wait", async () => {
    using directory = makeTempDir();
    const lines = Array.from({ length: 60 }, (_, index) => `${index} ${"x".repeat(400_000)}`);
    expect(await writeTo(directory.at("out"), lines)).toEqual([]);
    expect(readFileSync(directory.at("out"), "utf8").split("\n")).toEqual([...lines, ""]);
  });

  test("tells once why it cannot write, and drops the rest", async () => {
    expect(await writeTo("/dev/full", ["a", "b", "c"])).toEqual(["ENOSPC"]);
  });
});
