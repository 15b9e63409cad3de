/** Compiles every seccomp profile that a plan can ask for. Done where cupel is built (scripts/gen.ts), not by every run. */
import { seccompProfileNames, type SeccompProfileName } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { compileSeccomp } from "./compile-seccomp.ts";
import { guardProfile } from "./seccomp-guard.ts";
import { seccompProfileOf } from "./seccomp-profiles.ts";
import type { SeccompProfile } from "./seccomp-rule.ts";

const socketModes: readonly LauncherPlan["sockets"][] = ["by-profile", "pairs-only"];

/** Arrays of struct sock_filter of one profile, by architecture. */
export type CompiledProfile = Readonly<Record<"x64" | "arm64", Uint8Array>>;

function compileProfile(seccomp: SeccompProfileName, sockets: LauncherPlan["sockets"]): CompiledProfile {
  const profile = seccompProfileOf({ seccomp, sockets });
  if (profile === undefined) throw new TypeError(`there is no seccomp profile ${seccomp}`);
  return compileForAll(profile);
}

function compileForAll(profile: SeccompProfile): CompiledProfile {
  return { x64: compileSeccomp(profile, "x64"), arm64: compileSeccomp(profile, "arm64") };
}

/** All of them, by the profile's name and which sockets can be made. Pure. */
export function compileProfiles(): Readonly<Record<string, Readonly<Record<string, CompiledProfile>>>> {
  return Object.fromEntries(
    seccompProfileNames.map((seccomp) => [
      seccomp,
      Object.fromEntries(socketModes.map((sockets) => [sockets, compileProfile(seccomp, sockets)])),
    ]),
  );
}

/** The second filter of jobs that have no namespaces. Pure. */
export function compileGuard(): CompiledProfile {
  return compileForAll(guardProfile);
}
