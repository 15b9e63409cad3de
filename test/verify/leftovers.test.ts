import { describe, expect, test } from "bun:test";
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync } from "node:fs";
import { childrenOf, endLeftovers } from "../../src/verify/leftovers.ts";
import { isAlive } from "../support/processes.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

/** A program of this test's own, and a process that executes it. */
async function startIn(directory: TempDir, seconds: number): Promise<{ program: string; child: ChildProcess }> {
  const program = directory.at("program");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, [String(seconds)], { stdio: "ignore" });
  await until("it is executed", () => childrenOf(process.pid).includes(child.pid ?? -1));
  return { program, child };
}

describe("whoever executes a program", () => {
  test("is found, told of and ended", async () => {
    using directory = makeTempDir();
    const { program, child } = await startIn(directory, 100);
    const told: unknown[] = [];
    await until("it was found", async () => (told.push(...(await endLeftovers(program, false))), told.length > 0));
    expect(told).toEqual([{ canary: "process", text: `process ${child.pid} (program) outlived the job` }]);
    await until("it has ended", () => !isAlive(child.pid ?? -1));
    expect(await endLeftovers(program, false)).toEqual([]);
  });

  test("has a moment to end by itself in a sandbox", async () => {
    using directory = makeTempDir();
    const { program } = await startIn(directory, 0.1);
    expect(await endLeftovers(program, true)).toEqual([]);
  });
});
