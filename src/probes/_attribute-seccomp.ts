/** Whether a system call filter is what denies a namespace or a mount. */
import type { Judgement } from "./_judgement.ts";
import type { NamespaceFacts } from "./_namespace-facts.ts";
import { errnoAt } from "./_steps.ts";

/** Calls with arguments that no kernel accepts, and what the kernel says to them before it asks for any privilege. */
const creationCalls = {
  "unshare-zero": ["unshare(0)", ["ok"]],
  "unshare-bad-flag": ["unshare(unknown flag)", ["EINVAL"]],
  "unshare-bad-user": ["unshare(CLONE_NEWUSER)", ["EINVAL"]],
  "unshare-bad-mount": ["unshare(CLONE_NEWNS)", ["EINVAL"]],
  "unshare-bad-pid": ["unshare(CLONE_NEWPID)", ["EINVAL"]],
  "unshare-bad-ipc": ["unshare(CLONE_NEWIPC)", ["EINVAL"]],
  "unshare-bad-uts": ["unshare(CLONE_NEWUTS)", ["EINVAL"]],
  "unshare-bad-cgroup": ["unshare(CLONE_NEWCGROUP)", ["EINVAL"]],
  "unshare-bad-network": ["unshare(CLONE_NEWNET)", ["EINVAL"]],
  "clone-bad-user": ["clone(CLONE_NEWUSER)", ["EINVAL"]],
  // ENOSYS is also a kernel before 5.3, and what container engines answer so that clone(2) is used: no denial.
  "clone3-null": ["clone3", ["EINVAL", "ENOSYS"]],
} as const;

const mountCalls = {
  "mount-bad": ["mount", ["EFAULT"]],
  "umount-bad": ["umount2", ["EINVAL"]],
  "open-tree-bad": ["open_tree", ["EINVAL", "ENOSYS"]],
  "mount-setattr-bad": ["mount_setattr", ["EINVAL", "ENOSYS"]],
  "fsopen-bad": ["fsopen", ["EINVAL", "ENOSYS"]],
  "move-mount-bad": ["move_mount", ["EINVAL", "ENOSYS"]],
  "pivot-root-bad": ["pivot_root", ["EFAULT", "EINVAL", "ENOENT"]],
} as const;

const creationSteps = ["clone", "user-namespace", "idmap-namespace", "cgroup-namespace", "map-ids"];

/** A call is denied where something answers it that is not the kernel's own check of its arguments. */
export function judgeSeccomp(facts: NamespaceFacts): Judgement {
  const { reading, failure } = facts;
  const calls = creationSteps.includes(failure.step) ? creationCalls : { ...creationCalls, ...mountCalls };
  // Of the calls that take other ids none is tried: what denies namespaces and mounts says nothing of those.
  const isOther = failure.step === "drop-identity" && reading.steps.get("seccomp-mode")?.value !== 0;
  if (isOther || errnoAt(reading, "unshare-zero") === undefined) return "cannot-tell";
  // prctl(2): 0 means that no filter is loaded, and only a filter or strict mode denies calls.
  if (reading.steps.get("seccomp-mode")?.errno === "ok" && reading.steps.get("seccomp-mode")?.value === 0)
    return "ruled-out";
  const hostName = judgeHostName(facts);
  if (hostName !== undefined) return hostName;
  const denied = Object.entries(calls).flatMap(([step, [call, expected]]) => {
    const errno = errnoAt(reading, step);
    const isKernels = errno === undefined || (expected as readonly string[]).includes(errno);
    return isKernels ? [] : [{ call, errno }];
  });
  return denied.length === 0 ? "ruled-out" : { cause: describe(denied) };
}

/**
 * sethostname(2) asks for its privilege before it looks at its arguments, so that no call tells. But where the very same
 * privilege is good for a mount, it is a filter that makes the difference, as in Podman's default profile.
 */
function judgeHostName({ failure, reading }: NamespaceFacts): Judgement | undefined {
  if (!["hostname", "set-hostname"].includes(failure.step)) return undefined;
  const errno = errnoAt(reading, "set-hostname");
  const isFiltered = errno === "EPERM" && errnoAt(reading, "tmpfs") === "ok";
  return isFiltered ? { cause: `a system call filter denies sethostname (${errno})` } : undefined;
}

/** A call that is denied whatever its flags is named once, without them. */
function describe(denied: readonly { call: string; errno: string }[]): string {
  const isWhole = denied.some(({ call }) => call === "unshare(0)");
  const calls = denied
    .filter(({ call }) => !isWhole || call === "unshare(0)" || !call.startsWith("unshare("))
    .map(({ call, errno }) => `${call === "unshare(0)" ? "unshare" : call} (${errno})`);
  return `a system call filter denies ${calls.join(", ")}`;
}
