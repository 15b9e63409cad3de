/** What a filter on system calls keeps, by the profile and the network that the job asks for. */
import type { Job, SeccompProfileName } from "../model/job.ts";

/** One line on each profile, as the mechanism of `kernel.syscalls`. */
export const profileMechanisms: Readonly<Record<SeccompProfileName, string>> = {
  default: "cupel's default seccomp profile",
  strict: "cupel's strict seccomp profile: essential calls and no others",
  compat: "cupel's compat seccomp profile: dangerous calls are denied, but not those that the PID namespace bounds",
};

/** What the plan says of sockets. */
export function socketsOf({ network }: Pick<Job, "network">): "by-profile" | "pairs-only" {
  return network === "no-sockets" ? "pairs-only" : "by-profile";
}
