/** What a launch takes from the host: the ids that the job has outside, and the architecture that its filters are for. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { freshIdentity } from "./fresh-identity.ts";
import type { SeccompArchitecture } from "./system-call-numbers.ts";

/** The architecture in seccomp's words. @throws CupelError `unsupported` for one that the helpers are not built for. */
export function seccompArchitecture(architecture: string): SeccompArchitecture {
  if (architecture === "x64" || architecture === "arm64") return architecture;
  throw new CupelError("unsupported", `cupel has no launcher for ${architecture}; it runs on x64 and arm64`);
}

/** Ids outside for a plan: the caller's, or fresh ones. */
export function outsideIdentity(plan: LauncherPlan, host: Host): { uid: number; gid: number } {
  if (plan.outside === "caller") return { uid: host.identity.uid, gid: host.identity.gid };
  const map = host.readText("/proc/self/uid_map");
  return freshIdentity(map.ok ? map.value : undefined);
}
