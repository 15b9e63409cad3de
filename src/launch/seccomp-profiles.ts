/** Which profile a plan asks for. */
import type { LauncherPlan } from "../model/plan.ts";
import { compatSeccompProfile } from "./seccomp-compat.ts";
import { defaultSeccompProfile } from "./seccomp-profile.ts";
import type { SeccompProfile } from "./seccomp-rule.ts";
import { withoutSockets } from "./seccomp-sockets.ts";
import { strictSeccompProfile } from "./seccomp-strict.ts";

const profiles = {
  default: defaultSeccompProfile,
  strict: strictSeccompProfile,
  compat: compatSeccompProfile,
} as const;

/** The profile that is loaded; undefined where none is. */
export function seccompProfileOf({
  seccomp,
  sockets,
}: Pick<LauncherPlan, "seccomp" | "sockets">): SeccompProfile | undefined {
  if (seccomp === "none") return undefined;
  return sockets === "pairs-only" ? withoutSockets(profiles[seccomp]) : profiles[seccomp];
}
