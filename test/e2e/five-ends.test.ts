/** Five jobs that look much alike from outside, and end of five different causes. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import { installCupel } from "../support/run-cli.ts";
import { counted, runLimited, type Limited } from "../support/run-limited.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";

const cupel = installCupel();

const allocate = `perl -e 'my $x = "x" x 200_000_000; print length($x)'`;

/** What ended it, in the fewest words. */
function endOf({ code, stdout, outcome }: Limited): unknown {
  return { code, stdout, status: outcome.status, cause: outcome.cause.code, signal: outcome.signal?.name };
}

describe.each(rootCallers)("called by $name, under the same caps,", (root) => {
  const caps = ["--memory", "64M", "--timeout", "5s", "--cpu-time", "2s", "--grace", "100ms"];
  const run = (script: string): Promise<Limited> => runLimited(cupel, root, [...caps, "--", "sh", "-c", script]);

  test("each end has its own cause", async () => {
    const memory = await run(`exec ${allocate}`);
    expect(endOf(memory)).toEqual({
      code: 137,
      stdout: "",
      status: "out-of-memory",
      cause: "memory",
      signal: "SIGKILL",
    });
    expect(counted(memory, "killed for memory")).toBeGreaterThan(0);

    const killed = await run("kill -9 $$");
    expect(endOf(killed)).toEqual({ code: 137, stdout: "", status: "signalled", cause: "signal", signal: "SIGKILL" });
    expect(counted(killed, "killed for memory")).toBe(0);

    const limited = await run(`ulimit -v 100000; exec ${allocate}`);
    expect(endOf(limited)).toMatchObject({ stdout: "", status: "nonzero", cause: "exit", signal: undefined });
    expect(limited.stderr).toContain("Out of memory");
    expect(counted(limited, "killed for memory")).toBe(0);

    const late = await run("trap '' TERM; while :; do sleep 1; done");
    expect(endOf(late)).toEqual({
      code: 124,
      stdout: "",
      status: "timeout-wall",
      cause: "wall-time",
      signal: "SIGKILL",
    });

    const busy = await run("trap '' TERM; while :; do :; done");
    expect(endOf(busy)).toEqual({ code: 124, stdout: "", status: "timeout-cpu", cause: "cpu-time", signal: "SIGKILL" });
  });
});

describe.each(callers)("called by $name", (caller) => {
  test("the caller's own signal is a cause by itself, unless the job takes it", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.at("result.json");
    const signal = async (script: string): Promise<unknown> => {
      await using running = cupel.start(caller, ["run", "--result", path, "--", "sh", "-c", script]);
      await running.wrote("up");
      process.kill(running.pid, "SIGTERM");
      const { code, stderr } = await running.ended;
      const { status, cause } = v.parse(outcomeShape, JSON.parse(readFileSync(path, "utf8")));
      return {
        code,
        stderr,
        status,
        cause: cause.code,
        asked: cause.evidence.find(({ action }) => action.includes("signal passed on"))?.result,
      };
    };
    const asked = { stderr: "", asked: "SIGTERM" };
    expect(await signal("echo up; exec sleep 60")).toEqual({
      ...asked,
      code: 143,
      status: "cancelled",
      cause: "caller",
    });
    const takes = "exec 2>/dev/null; trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done";
    expect(await signal(takes)).toEqual({ ...asked, code: 3, status: "nonzero", cause: "exit" });
  });
});

describe("--quiet", () => {
  test("silences what is said of the job's end, and nothing of what cupel could not do", async () => {
    const words = ["--timeout", "100ms", "--", "sleep", "9"];
    const loud = await runLimited(cupel, ordinaryCaller, words);
    expect(loud.stderr).toBe("cupel: the job was ended after 0.1 s, its time limit\n");
    expect(await runLimited(cupel, ordinaryCaller, ["--quiet", ...words])).toMatchObject({ code: 124, stderr: "" });
    const missing = await runLimited(cupel, ordinaryCaller, ["--quiet", "--", "/no/such"]);
    expect(missing).toMatchObject({ code: 127, stderr: expect.stringContaining("/no/such") });
  });
});
