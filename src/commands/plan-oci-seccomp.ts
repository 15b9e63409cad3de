/** `cupel plan --oci-seccomp`: the job's filter on system calls, for containers that are not cupel's. */
import type { Host } from "../host/host.ts";
import { seccompArchitecture } from "../launch/launch-identity.ts";
import { seccompProfileOf } from "../launch/seccomp-profiles.ts";
import { CupelError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import { renderOciSeccomp } from "../report/render-oci-seccomp.ts";

/** The profile. @throws CupelError `usage` for a job without a filter, `unsupported` for an architecture without one. */
export function ociSeccompOf({ launch, strategy }: Plan, { architecture }: Host): string {
  const profile = seccompProfileOf(launch);
  if (profile === undefined)
    throw new CupelError("usage", `In ${strategy} this job has no filter on system calls; leave --oci-seccomp out`);
  return renderOciSeccomp(profile, seccompArchitecture(architecture));
}
