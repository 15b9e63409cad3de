/** A kernel of the job's own is not believed more than it can be: what the launcher makes of one that is none. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { compileC, repositoryRoot } from "../support/compile-c.ts";
import { launchProgram } from "../support/launch-program.ts";
import { bindOf, sandboxPlan } from "../support/sandbox-plan.ts";

const kernel = compileC(join(import.meta.dir, "../support/fake-kernel.c"), {
  flags: ["-static", "-DHOSTED", `-I${join(repositoryRoot, "platform/linux/shared")}`],
  dependencies: ["instruction.h", "launcher.h"].map((name) => join(repositoryRoot, "platform/linux/launcher", name)),
});

/** A job's sandbox whose kernel behaves in this manner. */
function planWith(manner: string, startTimeoutMs: number): LauncherPlan {
  return {
    ...sandboxPlan("true", []),
    guest: {
      program: "gvisor",
      command: ["/kernel", manner],
      root: [
        { step: "proc", destination: "/proc" },
        { step: "devices", destination: "/dev", shmBytes: 4096 },
        bindOf(kernel, "read", "/kernel"),
      ],
      startTimeoutMs,
    },
  };
}

/** As values to compare: what is told in numbers of this moment is compared in part. */
async function launch(manner: string, startTimeoutMs = 20_000): Promise<readonly unknown[]> {
  const { events } = await launchProgram(planWith(manner, startTimeoutMs), { binding: { name: "cupel-fake" } });
  return events.filter(({ event }) => event !== "finished");
}

const started = expect.objectContaining({ event: "started" });
const ofKernel = (status: number, words = "") => ({ event: "maker-failed", status, words });
const killed = 137 << 8;

describe("a kernel", () => {
  test.each<[string, readonly unknown[]]>([
    ["well", [started, expect.objectContaining({ event: "ended", status: 5 << 8 })]],
    ["endless", [started, expect.objectContaining({ event: "ended", status: 6 << 8 })]],
    ["known-step", [expect.objectContaining({ event: "failed", errno: 1, subject: "a subject" })]],
    ["silent", [ofKernel(7 << 8)]],
    ["words", [ofKernel(9 << 8, "no such platform")]],
    ["lost", [started, ofKernel(3 << 8, "out of luck")]],
    ["no-step", [ofKernel(killed)]],
    ["negative-step", [ofKernel(killed)]],
    ["no-kind", [ofKernel(killed)]],
    ["ready", [ofKernel(killed)]],
    ["short", [ofKernel(killed)]],
    ["unasked", [started, ofKernel(killed)]],
    ["twice", [started, ofKernel(killed)]],
  ])("%s is judged by what it can know", async (manner, events) => expect(await launch(manner)).toEqual(events));

  test("that says nothing in its time is ended", async () =>
    expect(await launch("hang", 300)).toEqual([
      { event: "maker-timeout", timeoutMs: 300 },
      { event: "maker-failed", status: 9, words: "" },
    ]));
});
