/** Landlock by itself: the mounts of these roots would let a job do what it denies. */
import { expect } from "bun:test";
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { launchProgram } from "../support/launch-program.ts";
import { needs } from "../support/must-work.ts";
import { bindOf, sandboxPlan } from "../support/sandbox-plan.ts";
import { makeTempDir } from "../support/temp-dir.ts";

using state = makeTempDir();
const helpers = createNativeHelpers(createRealHost(), [state.folder("state", 0o700)]);
const probed = await helpers.probe("landlock", [], 4000);
const version = probed.status === "ended" ? (probed.steps.find(({ step }) => step === "abi")?.value ?? 0) : 0;
const needsLandlock = needs(version >= 6, "a kernel with Landlock 6 or later");

const temporary = { step: "tmpfs", destination: "/tmp", mode: 0o1777, sizeBytes: 2 ** 20, owned: true, writable: true };

function planOf(script: string, parts: Partial<LauncherPlan>, grant: string): LauncherPlan {
  return { ...sandboxPlan(script, [temporary as never, bindOf(grant, "write")]), ...parts };
}

/** What each act says, in a root that nothing makes read-only. */
async function outcomeOf(parts: Partial<LauncherPlan>): Promise<string[]> {
  using directory = makeTempDir();
  const grant = directory.folder("grant", 0o777);
  const acts = [
    "echo > /planted",
    "mkdir /made",
    `echo > ${grant}/file`,
    `mkdir ${grant}/sub && mv ${grant}/file ${grant}/sub/`,
    "echo > /tmp/file && ln /tmp/file /tmp/other && rm /tmp/file",
    "echo > /dev/shm/file",
    "echo > /dev/null",
    "echo name > /proc/self/comm",
    "cat /proc/self/status > /dev/null",
    "sh -c 'kill -0 $$'",
    "kill -0 1",
  ];
  const script = acts.map((act) => `if ( ${act} ) 2>/dev/null; then echo yes; else echo no; fi`).join("\n");
  const { stdout, events } = await launchProgram(planOf(script, parts, grant));
  expect(events.at(-1)?.event).toBe("ended");
  return acts.map((act, index) => `${stdout.split("\n")[index] ?? "?"} ${act.replaceAll(grant, "GRANT")}`);
}

const everything = await outcomeOf({});

needsLandlock("without it, every act is done: the control", () => {
  expect(everything.filter((line) => line.startsWith("no"))).toEqual([]);
});

needsLandlock("with it, what no step made writable stays as it is, and the first process is out of reach", async () => {
  const confined = await outcomeOf({ landlockVersion: version, landlockScopes: ["abstract-unix-socket", "signal"] });
  expect(confined.filter((line) => line.startsWith("no"))).toEqual([
    "no echo > /planted",
    "no mkdir /made",
    "no kill -0 1",
  ]);
});

needsLandlock("a kernel with less than was measured is refused, not made do with", async () => {
  using directory = makeTempDir();
  const plan = planOf("echo ran", { landlockVersion: version + 1 }, directory.path);
  const { events, stdout } = await launchProgram(plan);
  expect({ events, stdout }).toEqual({
    events: [{ event: "failed", step: "landlock", errno: 95, subject: "version" }],
    stdout: "",
  });
});
