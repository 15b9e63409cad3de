import { describe, expect, test } from "bun:test";
import { runAttacker, type AttackerEnd, type AttackerRun } from "../../src/verify/run-attacker.ts";
import { installAttacker } from "../support/attacker.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const program = installAttacker();

/** What differs from run to run is not compared. */
async function run(
  parts: Partial<AttackerRun>,
): Promise<Omit<AttackerEnd, "pid" | "durationMs" | "output" | "outputBytes">> {
  using directory = makeTempDir();
  const openFile = directory.file("open", "canary-open");
  const order = {
    command: [program],
    directory: directory.path,
    environment: {},
    openFile,
    orders: [],
    deadlineMs: 10_000,
  };
  const { pid, durationMs, output, outputBytes, ...rest } = await runAttacker({ ...order, ...parts });
  expect({ isCounted: outputBytes >= output.length, isTimed: durationMs > 0, isNumbered: pid !== 0 }).toEqual({
    isCounted: true,
    isTimed: true,
    isNumbered: true,
  });
  return rest;
}

const nothing = { records: new Map(), problem: undefined, errors: "" };

describe("the attacker", () => {
  test("is told one thing after the other, each once the one before has ended", async () => {
    const done: number[] = [];
    const orders = ["run F06 2000\n", "run B08 2000\nrun B10 2000\n"];
    const end = await run({ orders, onDone: async (index) => void done.push(index) });
    expect([done, [...end.records.keys()], end.end]).toEqual([[0, 1], ["F06", "B08", "B10"], "exited 0"]);
  });

  test("has the open file as descriptor 3 and a socket as descriptor 4, and the variables that it is given", async () => {
    const words = ["-c", 'cat <&3; readlink /proc/self/fd/4 | cut -c 1-7; echo "$A"'];
    const end = await runAttacker({
      command: ["/bin/sh", ...words],
      directory: "/",
      environment: { A: "given", PATH: "/usr/bin:/bin" },
      openFile: "/proc/sys/kernel/ostype",
      orders: [],
      deadlineMs: 10_000,
    });
    expect(end.output).toBe("Linux\nsocket:\ngiven\n");
  });

  test("that cannot be started, fails or is ended by a signal says so", async () => {
    const started = { ...nothing, hasStarted: false };
    expect(await run({ command: ["/nonexistent"] })).toEqual({ ...started, end: "could not be started: ENOENT" });
    expect(await run({ command: ["/bin/sh", "-c", "echo no >&2; exit 3"] })).toEqual({
      ...started,
      errors: "no",
      end: "exited 3",
    });
    expect(await run({ command: ["/bin/sh", "-c", "kill -9 $$"] })).toEqual({ ...started, end: "ended by SIGKILL" });
  });

  test("is ended at its deadline, and where it has done enough", async () => {
    const spin = "set spin-ms 5000\nset cpu-count 1\nrun F06 2000\nrun D07 9000\n";
    const late = await run({ orders: [spin], deadlineMs: 700 });
    expect([late.end, late.records.get("D07")?.ending]).toEqual(["timeout", undefined]);
    const killed = await run({ orders: [spin], killAfterAttacks: 1 });
    expect([killed.end, killed.records.get("F06")?.ending]).toEqual(["ended by SIGKILL", "attempted"]);
  });
});
