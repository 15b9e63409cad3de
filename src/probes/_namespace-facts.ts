/** What is gathered when a namespace or a mount was denied, so that its cause can be told. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import type { ProbeContext } from "./_probe.ts";
import { readRootMount, type RootMount } from "./_root-mount.ts";
import { evidenceOf, readSteps, type Reading } from "./_steps.ts";

/** The step of a launch that failed. */
export interface LaunchFailure {
  readonly step: string;
  readonly errno: string;
  readonly subject: string;
}

/** Everything that an attribution may look at. */
export interface NamespaceFacts {
  readonly failure: LaunchFailure;
  /** Steps of the prober's `attribution`. */
  readonly reading: Reading;
  /** Settings by their sysctl names; absent where this kernel has none. They explain, they never decide. */
  readonly settings: Readonly<Record<string, number | undefined>>;
  readonly selinuxEnforcing: boolean;
  /** What is mounted over parts of /proc. */
  readonly procCovers: readonly string[];
  readonly root?: RootMount | undefined;
}

const settingNames = [
  "user.max_user_namespaces",
  "user.max_mnt_namespaces",
  "user.max_pid_namespaces",
  "user.max_ipc_namespaces",
  "user.max_uts_namespaces",
  "user.max_cgroup_namespaces",
  "user.max_net_namespaces",
  "user.max_time_namespaces",
  "kernel.unprivileged_userns_clone",
  "kernel.apparmor_restrict_unprivileged_userns",
] as const;

/** Runs the prober's `attribution` and reads the settings that may explain a denial. */
export async function gatherNamespaceFacts(context: ProbeContext, failure: LaunchFailure): Promise<NamespaceFacts> {
  const reading = readSteps("attribution", await context.helpers.probe("attribution", [], 3000));
  return {
    failure,
    reading,
    settings: Object.fromEntries(settingNames.map((name) => [name, readSetting(context.host, name)])),
    selinuxEnforcing: readNumber(context.host, "/sys/fs/selinux/enforce") === 1,
    procCovers: listProcCovers(context.host),
    root: readRootMount(context.host),
  };
}

function readSetting(host: Host, name: string): number | undefined {
  return readNumber(host, `/proc/sys/${name.replaceAll(".", "/")}`);
}

function readNumber(host: Host, path: string): number | undefined {
  const text = host.readText(path);
  return text.ok && /^\d+\s*$/.test(text.value) ? Number(text.value) : undefined;
}

/**
 * Mount points below /proc that hide something of it. The kernel lets a fresh procfs be mounted only where one is fully
 * visible already (fs/namespace.c, mnt_already_visible()); covers on directories that are empty for good do not count.
 */
export function listProcCovers(host: Host): string[] {
  return listCovers(host, "/proc");
}

/** The same for any top, such as /sys; a root user of the namespace's own cannot mount what that hides. */
export function listCovers(host: Host, top: "/proc" | "/sys"): string[] {
  const mounts = host.readText("/proc/self/mountinfo");
  if (!mounts.ok) return [];
  const points = mounts.value.split("\n").map((line) => line.split(" ")[4] ?? "");
  const isOnEmpty = (point: string): boolean =>
    alwaysEmpty.some((path) => point === path || point.startsWith(`${path}/`));
  const covers = points.filter((point) => point.startsWith(`${top}/`) && !isOnEmpty(point));
  return [...new Set(covers)].toSorted().slice(0, coversTold);
}

/** As many as a person reads. */
const coversTold = 12;

/** Directories made to be mounted on: proc_create_mount_point(), sysfs_create_mount_point() in the kernel's sources. */
const alwaysEmpty = [
  "/proc/sys/fs/binfmt_misc",
  "/proc/fs/nfsd",
  "/sys/firmware/efi/efivars",
  "/sys/fs/bpf",
  "/sys/fs/cgroup",
  "/sys/fs/fuse/connections",
  "/sys/fs/pstore",
  "/sys/fs/selinux",
  "/sys/fs/smackfs",
  "/sys/hypervisor/s390",
  "/sys/kernel/config",
  "/sys/kernel/debug",
  "/sys/kernel/security",
  "/sys/kernel/tracing",
];

/** The differential calls as evidence: what the kernel answers to arguments that it never accepts. */
export function attributionEvidence(facts: NamespaceFacts): Evidence[] {
  const settings = Object.entries(facts.settings).flatMap(([name, value]) =>
    value === undefined ? [] : [{ action: `read ${name}`, result: String(value) }],
  );
  return [...evidenceOf(facts.reading, attributionWords), ...settings];
}

const attributionWords = {
  "seccomp-mode": "prctl(PR_GET_SECCOMP)",
  "no-new-privs": "prctl(PR_GET_NO_NEW_PRIVS)",
  "unshare-zero": "unshare(0)",
  "unshare-bad-user": "unshare(CLONE_NEWUSER | unknown flag)",
  "clone3-null": "clone3(NULL, 0)",
  "clone-bad-user": "clone(CLONE_NEWUSER | CLONE_FS)",
  "mount-bad": "mount(NULL)",
  "open-tree-bad": "open_tree(unknown flag)",
  "root-is-mount-root": "whether / is the root of a mount",
  "landlock-layers": "Landlock domains that could be entered, of 16",
  "clone-user": "clone(CLONE_NEWUSER)",
  "unshare-user": "unshare(CLONE_NEWUSER)",
  "write-uid-map": "write own id to uid_map",
  "mount-namespace": "unshare(CLONE_NEWNS) inside",
  "private-root": "make / private inside",
  tmpfs: "mount tmpfs inside",
  loopback: "bring lo up inside",
  proc: "mount proc inside",
  "root-private-root": "make / private as root",
  "root-proc": "mount proc as root",
} as const;
