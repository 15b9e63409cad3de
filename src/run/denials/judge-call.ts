/** Whether a call was denied by the filter on calls or by a cap, and what would grant it. Pure. */
import { guardProfile } from "../../launch/seccomp-guard.ts";
import { defaultSeccompProfile } from "../../launch/seccomp-profile.ts";
import { seccompProfileOf } from "../../launch/seccomp-profiles.ts";
import { compatSeccompProfile } from "../../launch/seccomp-compat.ts";
import type { SeccompAnswer, SeccompProfile } from "../../launch/seccomp-rule.ts";
import type { Job } from "../../model/job.ts";
import type { LauncherPlan } from "../../model/plan.ts";
import type { Granting } from "./granting.ts";

/** Numbers of errno(3) that profiles answer with, on both architectures (asm-generic/errno.h). */
const errnoNumbers: Readonly<Record<string, number>> = {
  EPERM: 1,
  EACCES: 13,
  ENOSYS: 38,
  EPROTONOSUPPORT: 93,
  EAFNOSUPPORT: 97,
};

/** A call that failed. */
export interface Refused {
  readonly call: string;
  readonly errno: string;
  /** The address family of a socket. */
  readonly about?: string | undefined;
}

/** Families that every profile allows which allows sockets at all. */
const commonFamilies = ["AF_UNIX", "AF_INET", "AF_INET6"];

/** Whether a profile may answer this call so, by whatever its other arguments are. */
function mayDeny({ entries, otherwise }: SeccompProfile, { call, errno, about }: Refused): boolean {
  const rule = entries.find(({ name }) => name === call)?.rule ?? { clauses: [], otherwise };
  const answers: SeccompAnswer[] = [rule.otherwise, ...rule.clauses.map(({ answer }) => answer)];
  if (about !== undefined && commonFamilies.includes(about) && answers.includes("allow")) return false;
  return answers.some((answer) => typeof answer === "object" && answer.errno === errnoNumbers[errno]);
}

/** C libraries ask for these first, and take their other path without a word. */
const fallenBack = ["clone3", "openat2", "faccessat2", "fchmodat2", "rseq"];

const socketCalls = ["socket", "socketpair", "bind", "connect"];

const forks = ["clone", "clone3", "fork", "vfork"];

/** They take a capability, of which a job has none, or an id that its user namespace has not. */
const privileged = ["chown", "fchown", "lchown", "fchownat", "setuid", "setgid", "setgroups", "setresuid", "setresgid"];

function judgeFilter(refused: Refused, job: Job, launch: LauncherPlan): Granting | undefined {
  const loaded = seccompProfileOf(launch);
  if (loaded === undefined || !mayDeny(loaded, refused)) return undefined;
  if (refused.errno === "ENOSYS" && fallenBack.includes(refused.call)) return undefined;
  const byProfile = seccompProfileOf({ ...launch, sockets: "by-profile" });
  if (job.network === "no-sockets" && byProfile !== undefined && !mayDeny(byProfile, refused))
    return { grant: ["--network", "none"] };
  if (!mayDeny(defaultSeccompProfile, refused)) return { grant: ["--seccomp", "default"] };
  if (launch.seccomp !== "compat" && !mayDeny(compatSeccompProfile, refused)) return { grant: ["--seccomp", "compat"] };
  return { note: "no flag grants it" };
}

/** What a job without namespaces has less than others: for it a socket is one of the host's network. */
function judgeGuard(refused: Refused, launch: LauncherPlan): Granting | undefined {
  if (launch.confinement === undefined) return undefined;
  if (mayDeny(guardProfile, refused)) return { note: "no flag grants it to a job without namespaces" };
  const isSocket = launch.sockets === "pairs-only" && !mayDeny(defaultSeccompProfile, refused);
  return isSocket && socketCalls.includes(refused.call)
    ? { note: "without namespaces the one network is the host's (--network host)" }
    : undefined;
}

/** What would grant it; undefined where nothing of cupel's denied it. */
export function judgeCall(refused: Refused, job: Job, launch: LauncherPlan): Granting | undefined {
  return judgeCap(refused, job) ?? judgeGuard(refused, launch) ?? judgeFilter(refused, job, launch);
}

function judgeCap({ call, errno }: Refused, { limits: { perProcess } }: Job): Granting | undefined {
  if (errno === "EAGAIN" && forks.includes(call)) return { grant: ["--pids", "N"], note: "too many processes" };
  if (errno === "EMFILE" && perProcess?.openFiles !== undefined) return { grant: ["--open-files", "N"] };
  if (errno === "EFBIG" && perProcess?.fileBytes !== undefined) return { grant: ["--file-size", "SIZE"] };
  if (privileged.includes(call) && (errno === "EPERM" || errno === "EINVAL"))
    return { note: "it takes a privilege that no job has" };
  return undefined;
}
