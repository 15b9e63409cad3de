/** A plan for the launcher alone: namespaces, a root with the host's programs, and the steps that a test is about. */
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

/** Programs of the host, as they are. */
const programs = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"].map((path): RootStep => ({
  step: "mirror",
  path,
}));

/** A grant at the same path, or at another one. */
export function bindOf(source: string, access: "read" | "write", destination = source): RootStep {
  return { step: "bind", source, destination, writable: access === "write", mapOwner: "no", optional: false };
}

/** `script` in a root of its own. The caller's ids stay: who runs the tests need not be root. */
export function sandboxPlan(script: string, steps: readonly RootStep[]): LauncherPlan {
  return barePlan(["/bin/sh", "-c", script], {
    namespaces: ["user", "mount", "pid", "ipc", "uts"],
    inside: { uid: 1000, gid: 1000 },
    root: [
      ...programs,
      ...steps,
      { step: "proc", destination: "/proc" },
      { step: "devices", destination: "/dev", shmBytes: 2 ** 20 },
    ],
  });
}
