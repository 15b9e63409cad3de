/**
 * Who denies a namespace, or a mount in one: a pure function from what was measured to causes. The signatures are those
 * of research on real hosts: which call fails first, with which errno, and what the kernel says to calls that no
 * permission could make succeed. Several causes may hold at once; each that was looked for and is not it is listed too.
 */
import type { Blocker, BlockerCode, CapabilityState } from "../model/capability.ts";
import { judgeAppArmor, judgeSelinux } from "./_attribute-labels.ts";
import { judgeSeccomp } from "./_attribute-seccomp.ts";
import { capabilityBits, hasCapability } from "./_capability-masks.ts";
import { creationErrnos, unrelatedSteps, type Judgement } from "./_judgement.ts";
import type { LaunchFailure, NamespaceFacts } from "./_namespace-facts.ts";
import { errnoAt, valueAt, type Reading } from "./_steps.ts";

/** Who blocks, and who does not. */
export interface Attribution {
  readonly state: CapabilityState;
  readonly blockers: readonly Blocker[];
  readonly ruledOut: readonly BlockerCode[];
}

const judges: readonly (readonly [BlockerCode, (facts: NamespaceFacts) => Judgement])[] = [
  ["seccomp", judgeSeccomp],
  ["ns-limit", judgeLimit],
  ["chroot", judgeChroot],
  ["idmap", judgeIdMap],
  ["sysctl", judgeSysctl],
  ["capability", judgeCapability],
  ["lsm:apparmor", judgeAppArmor],
  ["lsm:selinux", judgeSelinux],
  ["lsm:landlock", judgeLandlock],
  ["proc-masked", judgeMaskedProc],
  ["mount-propagation", judgeRootMount],
  ["rlimit", judgeProcessLimit],
  ["kernel-config", judgeKernelConfig],
  // A user namespace needs no privilege that no_new_privs could withhold (measured): listed, because people suspect it.
  ["no-new-privs", () => "ruled-out"],
];

/** Tells the causes of a denied launch. */
export function attributeUserNamespaces(facts: NamespaceFacts): Attribution {
  const { failure } = facts;
  if (unrelatedSteps.includes(failure.step)) {
    const detail = `${failure.errno} at ${failure.step} (${failure.subject}), before anything could be told`;
    return { state: "unknown", blockers: [{ code: "unknown", detail }], ruledOut: [] };
  }
  const judged = judges.map(([code, judge]) => ({ code, judgement: judge(facts) }));
  const blockers = judged.flatMap(({ code, judgement }) =>
    typeof judgement === "object" ? [{ code, detail: judgement.cause }] : [],
  );
  const ruledOut = judged.filter(({ judgement }) => judgement === "ruled-out").map(({ code }) => code);
  if (blockers.length === 0) return { state: "blocked", blockers: [unexplained(facts)], ruledOut };
  const absent = blockers.every(({ code }) => code === "kernel-config");
  return { state: absent ? "absent" : "blocked", blockers, ruledOut };
}

function unexplained({ failure, reading }: NamespaceFacts): Blocker {
  const seen = `${failure.errno} at ${failure.step}`;
  const prober =
    errnoAt(reading, "clone-user") === "ok" ? "; the prober, another program, could make a user namespace" : "";
  const trouble = reading.trouble === undefined ? "" : `; ${reading.trouble.action}: ${reading.trouble.result}`;
  return { code: "unknown", detail: `${seen}, explained by nothing that was looked for${prober}${trouble}` };
}

/** ENOSPC is the kernel's word for it alone (user_namespaces(7)); EUSERS was until Linux 4.9. It is checked first. */
function judgeLimit(facts: NamespaceFacts): Judgement {
  const { failure } = facts;
  // Every kind of namespace has a limit of its own; elsewhere ENOSPC may be a full file system.
  const errnos = [...creationErrnos(facts), ...(failure.step.endsWith("-namespace") ? [failure.errno] : [])];
  if (errnos.some((errno) => errno === "ENOSPC" || errno === "EUSERS")) return { cause: describeLimit(facts) };
  const reachedKernel = errnoAt(facts.reading, "unshare-user") !== undefined && judgeSeccomp(facts) === "ruled-out";
  return reachedKernel ? "ruled-out" : "cannot-tell";
}

function describeLimit({ settings }: NamespaceFacts): string {
  const exhausted = Object.entries(settings).filter(([name, value]) => name.startsWith("user.max_") && value === 0);
  if (exhausted.length > 0) return exhausted.map(([name]) => `${name} is 0`).join(", ");
  const own = settings["user.max_user_namespaces"];
  return `user.max_user_namespaces is ${own ?? "not readable"} here; a surrounding user namespace has reached its limit, or they are nested as deep as can be (33)`;
}

/** create_user_ns() refuses in a chroot with EPERM; "/" is then no mount's root, so making it private is EINVAL. */
function judgeChroot(facts: NamespaceFacts): Judgement {
  const isMountRoot = valueAt(facts.reading, "root-is-mount-root");
  const { step, errno } = facts.failure;
  const isRootStep = step === "mount-private" || step === "pivot-root";
  const denied = creationErrnos(facts).includes("EPERM") || (isRootStep && errno === "EINVAL");
  if (isMountRoot === 0 && denied) return { cause: "/ is not the root of a mount: this process runs in a chroot" };
  if (isMountRoot === undefined) return "cannot-tell";
  // A chroot onto a mount point looks like none: only where something else explains the denial is it ruled out.
  const couldMakeOne = errnoAt(facts.reading, "unshare-user") === "ok";
  const explained = !creationErrnos(facts).includes("EPERM") || typeof judgeSeccomp(facts) === "object";
  return isMountRoot === 1 && (couldMakeOne || explained) ? "ruled-out" : "cannot-tell";
}

/** The ids of whoever makes a user namespace must be mapped in the surrounding one, and so must those a job is given. */
function judgeIdMap({ failure, reading }: NamespaceFacts): Judgement {
  if (lacksIds(failure, reading)) {
    const subject = failure.subject === "" ? failure.step : failure.subject;
    return { cause: `this user namespace has no ids to give to a job (${subject}: ${failure.errno})` };
  }
  const overflowId = 65_534;
  const uid = valueAt(reading, "effective-uid");
  const map = reading.steps.get("uid-map");
  if (uid === undefined || map?.errno !== "ok") return "cannot-tell";
  if (uid === overflowId && !mapsId(map.text, uid)) return { cause: "this process's own user id is mapped to nothing" };
  return "ruled-out";
}

/**
 * An id that is not mapped is EINVAL. It is EPERM to write another namespace's map with such ids, and to call
 * setgroups(2) where it was given up for good, as in every user namespace that an ordinary user makes.
 */
function lacksIds(failure: LaunchFailure, reading: Reading): boolean {
  const { step, errno, subject } = failure;
  if (valueAt(reading, "effective-uid") !== 0) return false;
  if (errno === "EINVAL") return ["drop-identity", "mount-tmpfs"].includes(step);
  // Where no user namespace can be made at all, its map is not what was denied.
  const isMapDenied = step === "idmap-namespace" && errnoAt(reading, "unshare-user") === "ok";
  const isDenied = isMapDenied || (step === "drop-identity" && subject === "setgroups");
  return errno === "EPERM" && isDenied && missingFor(failure, reading).length === 0;
}

function mapsId(map: string, id: number): boolean {
  const numbers = map
    .trim()
    .split(/[\s?]+/)
    .map(Number);
  for (let at = 0; at + 2 < numbers.length; at += 3) {
    const first = numbers[at] ?? 0;
    if (id >= first && id < first + (numbers[at + 2] ?? 0)) return true;
  }
  return false;
}

/** Debian's patch: with the setting at 0 whoever lacks CAP_SYS_ADMIN gets EPERM. */
function judgeSysctl(facts: NamespaceFacts): Judgement {
  const name = "kernel.unprivileged_userns_clone";
  const privileged = hasCapability(valueAt(facts.reading, "capabilities") ?? 0, capabilityBits.CAP_SYS_ADMIN);
  if (facts.settings[name] !== 0 || privileged) return "ruled-out";
  return creationErrnos(facts).includes("EPERM") ? { cause: `${name} is 0` } : "ruled-out";
}

/** Root makes namespaces as root and then takes other ids: in a container it often lacks the capabilities for both. */
function judgeCapability({ failure, reading }: NamespaceFacts): Judgement {
  if (valueAt(reading, "effective-uid") !== 0 || failure.errno !== "EPERM") return "ruled-out";
  if (valueAt(reading, "capabilities") === undefined) return "cannot-tell";
  const missing = missingFor(failure, reading);
  return missing.length === 0 ? "ruled-out" : { cause: `root without ${missing.join(", ")}` };
}

/** Capabilities that root needs for a step and does not hold. */
function missingFor(failure: LaunchFailure, reading: Reading): string[] {
  const held = valueAt(reading, "capabilities") ?? 0;
  const needed = neededByRoot[failure.step] ?? ["CAP_SYS_ADMIN"];
  return needed.filter((name) => !hasCapability(held, capabilityBits[name]));
}

const neededByRoot: Readonly<Record<string, readonly (keyof typeof capabilityBits)[]>> = {
  "drop-identity": ["CAP_SETUID", "CAP_SETGID"],
  "idmap-namespace": ["CAP_SETUID", "CAP_SETGID"],
  "user-namespace": [],
  loopback: ["CAP_NET_ADMIN"],
};

/** A fresh procfs shows no more than the old one did, so where that is covered the kernel refuses with EPERM. */
function judgeMaskedProc(facts: NamespaceFacts): Judgement {
  const { failure, procCovers } = facts;
  const isDenied = ["mount-proc", "proc"].includes(failure.step) && failure.errno === "EPERM";
  if (!isDenied || procCovers.length === 0) return "ruled-out";
  return { cause: `mounted over parts of /proc: ${procCovers.join(", ")}` };
}

/**
 * While a Landlock domain has rules for files, mounts cannot be changed in it (EPERM; landlock(7), "Current limitations").
 * Nothing tells a process that it is in one, but no more than 16 can be stacked (LANDLOCK_MAX_NUM_LAYERS).
 */
function judgeLandlock({ failure, reading }: NamespaceFacts): Judgement {
  const stacked = reading.steps.get("landlock-layers");
  // E2BIG is the answer to one more than fit; without Landlock there are none around.
  if (stacked === undefined || !["ok", "E2BIG"].includes(stacked.errno)) return "cannot-tell";
  const around = landlockLayersMax - stacked.value;
  const isMountStep = /^(?:mount-(?!namespace)|pivot-root|private-root|tmpfs|proc|bind|root-)/.test(failure.step);
  if (around <= 0 || failure.errno !== "EPERM" || !isMountStep) return "ruled-out";
  return {
    cause: `${around} of ${landlockLayersMax} possible Landlock domains are around this process, and inside of one mounts cannot be changed`,
  };
}

const landlockLayersMax = 16;

/** pivot_root(2) from the initial ramfs is EINVAL; so is it where the parent of the root is shared. */
function judgeRootMount({ failure, reading, root }: NamespaceFacts): Judgement {
  const atRoot = ["pivot-root", "mount-private"].includes(failure.step) && failure.errno === "EINVAL";
  if (!atRoot || valueAt(reading, "root-is-mount-root") === 0) return "ruled-out";
  if (root?.type === "rootfs") return { cause: "/ is the initial ramfs, which pivot_root(2) cannot exchange" };
  const seen = root === undefined ? "" : ` (${root.type}, ${root.propagation})`;
  return {
    cause: `/ cannot be exchanged${seen}: it is the initial ramfs, or mounted in a way that pivot_root(2) refuses`,
  };
}

function judgeProcessLimit({ failure, reading }: NamespaceFacts): Judgement {
  const errnos = [failure.errno, errnoAt(reading, "clone-user")];
  return errnos.includes("EAGAIN") ? { cause: "EAGAIN: RLIMIT_NPROC or a pids limit is reached" } : "ruled-out";
}

/** EINVAL to the flag itself, from a kernel that was reached: it was built without this kind of namespace. */
function judgeKernelConfig(facts: NamespaceFacts): Judgement {
  const creation = ["clone", "user-namespace"].includes(facts.failure.step) && facts.failure.errno === "EINVAL";
  if (!creation) return "ruled-out";
  return judgeSeccomp(facts) === "ruled-out" ? { cause: "EINVAL: not built into this kernel" } : "cannot-tell";
}
