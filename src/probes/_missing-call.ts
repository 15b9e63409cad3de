/** What ENOSYS means: a kernel without the call, or a filter that answers in its place. */
import type { Host } from "../host/host.ts";
import type { Blocker } from "../model/capability.ts";
import { readLine } from "./_host-text.ts";

/** Major and minor number of a release. */
export type KernelVersion = readonly [major: number, minor: number];

/** Seccomp's mode 2 (proc_pid_status(5)). */
function isFiltered(host: Host): boolean {
  const status = host.readText("/proc/self/status");
  return status.ok && /^Seccomp:\s*2$/m.test(status.value);
}

function isAtLeast(host: Host, [major, minor]: KernelVersion): boolean {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const [, seenMajor, seenMinor] = /^(\d+)\.(\d+)/.exec(release.ok ? release.value : "") ?? [];
  const seen = Number(seenMajor ?? 0) * 1000 + Number(seenMinor ?? 0);
  return seen >= major * 1000 + minor;
}

/** Who says that there is no such call: a filter, where there is one and the kernel is new enough to have the call. */
export function explainMissingCall(
  host: Host,
  call: string,
  since: KernelVersion,
): { readonly state: "absent" | "blocked"; readonly blocker: Blocker } {
  const came = `${call} came with Linux ${since.join(".")}`;
  if (isFiltered(host) && isAtLeast(host, since))
    return { state: "blocked", blocker: { code: "seccomp", detail: `a system call filter answers ENOSYS: ${came}` } };
  return { state: "absent", blocker: { code: "kernel-version", detail: `${came} (ENOSYS)` } };
}
