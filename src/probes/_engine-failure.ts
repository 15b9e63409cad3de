/** Why an engine could not make a sandbox: what it says, taken to the judges that tell why cupel's launcher could not. */
import type { ProgramResult } from "../host/host.ts";
import type { BlockerCode, Evidence, Finding } from "../model/capability.ts";
import { engineFailed, type EngineRun } from "./_isolation.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import type { ProbeContext } from "./_probe.ts";
import { complaint } from "./_program.ts";

/** What an engine says when it knows the cause itself. */
const causesByText: readonly (readonly [RegExp, BlockerCode])[] = [
  [/cgroups? (?:in )?hybrid|cgroup v1|requires? cgroups? ?v2|cgroupv1/i, "cgroup-version"],
  [/rlimit/i, "rlimit"],
  [/newuidmap|newgidmap|sub[ug]id|insufficient UIDs|no subuid ranges/i, "idmap"],
  [/no_?new_?privs|no new privileges/i, "no-new-privs"],
  [/cgroup.*(?:permission denied|read-only|not permitted)/i, "cgroup-delegation"],
  [/noexec/i, "noexec"],
];

/** What strerror(3) says in the C locale, as far as a sandbox meets it; Go says it in small letters. */
const errnosByText: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted|No permissions to creat/i, "EPERM"],
  [/Permission denied/i, "EACCES"],
  [/No space left on device/i, "ENOSPC"],
  [/Invalid argument/i, "EINVAL"],
  [/Function not implemented/i, "ENOSYS"],
];

/** Messages of bubblewrap, runc and crun, as the launcher calls the same step. */
const stepsByText: readonly (readonly [RegExp, string])[] = [
  [/mount proc|mounting "?proc|to rootfs at "?\/proc/i, "mount-proc"],
  [/uid.?map|gid.?map|setgroups/i, "map-ids"],
  [/loopback|RTM_/i, "loopback"],
  [/make \/ slave|mount .*private/i, "mount-private"],
  [/pivot/i, "pivot-root"],
  [/mount tmpfs/i, "mount-tmpfs"],
  [/namespace|unshare|clone|fork\/exec/i, "user-namespace"],
];

/** The cause that an engine names itself. Pure. */
export function parseCause(text: string): BlockerCode | undefined {
  return causesByText.find(([pattern]) => pattern.test(text))?.[1];
}

/** The step and errno that a message is about; undefined for any other. Pure. */
export function parseFailedStep(text: string): { readonly step: string; readonly errno: string } | undefined {
  const step = stepsByText.find(([pattern]) => pattern.test(text))?.[1];
  const errno = errnosByText.find(([pattern]) => pattern.test(text))?.[1];
  return step === undefined || errno === undefined ? undefined : { step, errno };
}

/**
 * AppArmor goes by path: an engine may be denied what cupel may do. Of all that refuses a user namespace, a security
 * module alone answers EACCES (security_create_user_ns() in kernel/user_namespace.c).
 */
function findOwnProfile(
  { host }: ProbeContext,
  { step, errno }: { readonly step: string; readonly errno: string },
  name: string,
): Pick<Finding, "blockers" | "summary"> | undefined {
  const isOn = lineOrErrno(readLine(host, "/sys/module/apparmor/parameters/enabled")) === "Y";
  const isSelinuxEnforcing = lineOrErrno(readLine(host, "/sys/fs/selinux/enforce")) === "1";
  if (step !== "user-namespace" || errno !== "EACCES" || !isOn || isSelinuxEnforcing) return undefined;
  const detail = `the profile attached to the path of ${name} may not create a user namespace (EACCES)`;
  return { blockers: [{ code: "lsm:apparmor", detail }], summary: detail };
}

/**
 * The finding where root's engine could not be kept from control groups (keep.c): that takes a mount namespace, as the
 * launcher does that makes such a container. Undefined for any other end.
 */
export async function judgeKeeping(
  context: ProbeContext,
  result: ProgramResult,
  evidence: readonly Evidence[],
): Promise<Finding | undefined> {
  const errno = result.status === "not-started" ? /^(\S+) at \w+-control-groups$/.exec(result.errno)?.[1] : undefined;
  return errno === undefined ? undefined : judgeStep(context, { step: "mount-private", errno }, evidence);
}

/** The finding: with the cause that the engine names, those that this host's facts show, or what it said alone. */
export async function judgeEngineFailure(context: ProbeContext, run: EngineRun): Promise<Finding> {
  const said = complaint(run.result);
  const plain = engineFailed(run);
  if (run.result.status === "not-started") return { ...plain, state: "unknown", level: "inferred" };
  const cause = parseCause(said);
  if (cause !== undefined) return { ...plain, blockers: [{ code: cause, detail: `${run.name}: ${said}` }] };
  const failure = parseFailedStep(said);
  if (failure === undefined) return plain;
  const judged = await judgeStep(context, failure, plain.evidence);
  if (judged.blockers.every(({ code }) => code === "unknown")) {
    const own = findOwnProfile(context, failure, run.name);
    if (own !== undefined) return { ...plain, ...own, evidence: judged.evidence };
    return { ...plain, evidence: judged.evidence, ruledOut: judged.ruledOut };
  }
  const causes = judged.blockers.map(({ detail }) => detail).join("; ");
  return { ...judged, state: "blocked", summary: `${said}: ${causes}` };
}
