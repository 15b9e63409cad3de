/** A plan for the launcher alone: no namespaces, Landlock and the guard, and the paths that a test is about. */
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import type { LauncherPlan, PathRule } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { makeTempDir } from "./temp-dir.ts";

const programs = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/proc", "/etc/ld.so.cache"].map((path): PathRule => ({
  path,
  access: "read",
  optional: true,
}));

const devices = ["/dev/null", "/dev/zero"].map((path): PathRule => ({ path, access: "device", optional: true }));

/** The running kernel's version of Landlock; 0 where it has none. */
export async function readLandlockVersion(): Promise<number> {
  using state = makeTempDir();
  const helpers = createNativeHelpers(createRealHost(), [state.folder("state", 0o700)]);
  const probed = await helpers.probe("landlock", [], 4000);
  return probed.status === "ended" ? (probed.steps.find(({ step }) => step === "abi")?.value ?? 0) : 0;
}

/** A grant. */
export function ruleOf(path: string, access: PathRule["access"]): PathRule {
  return { path, access, optional: false };
}

/** `command` with what it needs of the host to start, and these grants. */
export function confinedPlan(
  command: LauncherPlan["command"],
  rules: readonly PathRule[],
  parts: Partial<LauncherPlan> = {},
): LauncherPlan {
  return barePlan(command, {
    confinement: { rules: [...programs, ...devices, ...rules], scratch: { variables: { HOME: "home" } } },
    landlockScopes: ["abstract-unix-socket", "signal"],
    landlockVersion: 1,
    dropCapabilities: true,
    seccomp: "default",
    ...parts,
  });
}
