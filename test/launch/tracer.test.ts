import { describe, expect, test } from "bun:test";
import { findTracer } from "../../src/launch/tracer.ts";
import { CupelError } from "../../src/model/error.ts";
import { createFixtureHost, type FixtureHostParts } from "../support/fixture-host.ts";

async function find(programs: FixtureHostParts["programs"]): Promise<unknown> {
  try {
    return await findTracer(createFixtureHost({ programs: programs ?? {} }));
  } catch (error) {
    return error;
  }
}

const exited = { status: "exited", code: 0, signal: null, stdout: "", stderr: "", durationMs: 1 } as const;
const denied = "strace: do_test_ptrace_get_syscall_info: PTRACE_TRACEME: Operation not permitted\n";

describe("findTracer", () => {
  test("gives the words of one that traces, which end with where the trace goes", async () => {
    const words = await find({ "/opt/strace": exited });
    expect(words).toEqual(expect.arrayContaining(["-f", "-I", "4", "-o"]));
    expect((words as string[])[0]).toBe("/opt/strace");
    expect((words as string[]).at(-1)).toEndWith("exec cat >&4");
  });

  test.each([
    [
      {},
      "watches the job with strace, which is not in PATH; install it (Debian: apt-get install strace), or leave it out",
    ],
    [
      { "/opt/strace": { ...exited, code: 1, stderr: denied } },
      `cannot watch the job: /opt/strace traces nothing here (${denied.trim()}); allow ptrace here, or leave it out`,
    ],
    [
      { "/opt/strace": { status: "timeout", stdout: "", stderr: "", durationMs: 1 } as const },
      "cannot watch the job: /opt/strace traces nothing here (timeout); allow ptrace here, or leave it out",
    ],
  ])("refuses %p", async (programs, why) =>
    expect(await find(programs)).toEqual(new CupelError("usage", `--explain-denials ${why}`)),
  );
});
