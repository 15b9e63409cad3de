/** Hosts that one machine can be made to look like, by name: each is a row of the truth table. */
import { underConditions, type Condition, type ConditionWith } from "./condition.ts";
import { asIdentity, ownDirectory, type Stage, type TestIdentity } from "./run-real-probes.ts";
import { isRoot } from "./tester.ts";

/** One row. */
export interface FabricatedCondition {
  readonly name: string;
  /** Of condition.c, the first outermost. */
  readonly conditions?:
    | readonly (Condition | ConditionWith)[]
    | ((stage: Stage, identity: TestIdentity) => readonly (Condition | ConditionWith)[]);
  /** Made by root around the user. */
  readonly outer?: readonly (Condition | ConditionWith)[];
  /** Programs in front of the probes, inside the conditions. */
  readonly prefix?: readonly string[] | ((stage: Stage, identity: TestIdentity, cupel: string) => readonly string[]);
  readonly environment?: Readonly<Record<string, string>>;
  /** Scripts by program name, first in PATH. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Bun as a file that may be executed but not read: the process is not dumpable then (execve(2), PR_SET_DUMPABLE). */
  readonly unreadable?: true;
  /** In a container as the engine makes it without further flags. */
  readonly container?: "docker" | "podman";
  /** Whose host it can be made; everyone's where absent. */
  readonly only?: TestIdentity;
}

const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "uts"] as const;

/** Every row. */
export const fabricatedConditions: readonly FabricatedCondition[] = [
  { name: "a filter that denies unshare as container engines do", conditions: ["unshare-denied"] },
  { name: "a filter that knows no unshare", conditions: ["unshare-unknown"] },
  { name: "a filter that denies mounts", conditions: ["mount-denied"] },
  { name: "a filter that denies keys", conditions: ["keys-denied"] },
  { name: "a filter that denies tracing", conditions: ["tracing-denied"] },
  { name: "a filter that denies Landlock", conditions: ["landlock-denied"] },
  {
    name: "a Landlock domain",
    conditions: (stage, identity) => [{ "landlock-domain": ownDirectory(stage, identity, "domain") }],
  },
  { name: "a quota of no user namespaces", conditions: ["userns-quota"] },
  { name: "a quota further out", conditions: ["userns-quota-above"] },
  { name: "user namespaces as deep as can be", conditions: ["userns-depth"] },
  ...kinds.map((kind) => ({ name: `a quota of no ${kind} namespaces`, conditions: [{ "namespace-quota": kind }] })),
  { name: "no_new_privs", conditions: ["no-new-privs"] },
  { name: "an empty bounding set", conditions: ["bounding-empty"] },
  {
    name: "root without the capabilities to administer",
    prefix: [
      "setpriv",
      "--bounding-set=-sys_admin,-net_admin,-sys_ptrace",
      "--inh-caps=-sys_admin,-net_admin,-sys_ptrace",
    ],
    only: "root",
  },
  {
    name: "a chroot",
    conditions: (stage, identity) => [{ chroot: ownDirectory(stage, identity, `root-${Bun.randomUUIDv7()}`) }],
  },
  { name: "a masked /proc", conditions: ["masked-proc"] },
  { name: "control groups that are mounted read-only", conditions: ["read-only-cgroups"] },
  { name: "control groups that are not mounted", conditions: [{ hidden: "/sys/fs/cgroup" }] },
  { name: "a /sys that cannot be read", conditions: [{ hidden: "/sys" }] },
  { name: "a /tmp without execution", conditions: ["noexec-tmp"] },
  { name: "other processes in a namespace, /proc as before", conditions: ["pid-namespace"] },
  { name: "a KVM device for everyone", outer: [{ "kvm-mode": "0666" }], only: "user" },
  { name: "not many open files", conditions: [{ "open-files": 512 }] },
  { name: "no file may grow", conditions: [{ "file-size": 0 }] },
  { name: "a closed standard input", conditions: ["closed-input"] },
  { name: "a home that is not there", environment: { HOME: "/nonexistent", XDG_STATE_HOME: "/nonexistent" } },
  { name: "a home that is read-only", environment: { HOME: "/sys" } },
  { name: "another language, and none", environment: { LANG: "C", LC_ALL: "de_DE.UTF-8", LANGUAGE: "de" } },
  { name: "16 columns", environment: { COLUMNS: "16", TERM: "dumb" } },
  {
    name: "an environment that speaks of a container",
    environment: { container: "oci", KUBERNETES_SERVICE_HOST: "10.0.0.1" },
  },
  { name: "a bwrap that isolates nothing", programs: { bwrap: "exit 0" } },
  { name: "a bwrap that runs what it is given", programs: { bwrap: 'for last; do :; done; exec sh -c "$last"' } },
  { name: "a podman that hangs", programs: { podman: "sleep 600" } },
  {
    name: "the file of a Docker container, and no container",
    conditions: (stage, identity) => [{ "forged-docker": ownDirectory(stage, identity, "forged") }],
  },
  { name: "a process that is not dumpable", unreadable: true, only: "user" },
  { name: "Docker around us", container: "docker" },
  { name: "Podman around us", container: "podman" },
  {
    name: "cupel around us",
    prefix: ({ directory }, identity, cupel) =>
      `${cupel} run --read ${directory.path} --write ${directory.at(identity)} --workspace none --env PATH --`.split(
        " ",
      ),
  },
  {
    name: "bubblewrap around us",
    prefix: [
      "bwrap",
      "--dev-bind",
      "/",
      "/",
      "--proc",
      "/proc",
      "--unshare-user",
      "--unshare-pid",
      "--unshare-net",
      "--unshare-ipc",
    ],
  },
];

/** The whole command that runs `words` in that host, as that user. */
export function inCondition(
  { conditions = [], prefix = [], outer = [] }: FabricatedCondition,
  stage: Stage,
  identity: TestIdentity,
  words: readonly string[],
  cupel: string,
): string[] {
  const made = typeof conditions === "function" ? conditions(stage, identity) : conditions;
  const front = typeof prefix === "function" ? prefix(stage, identity, cupel) : prefix;
  return underConditions(outer, asIdentity(identity, made, [...front, ...words]));
}

/** Rows that can be made for this user here. */
export function conditionsFor(identity: TestIdentity): FabricatedCondition[] {
  return fabricatedConditions
    .filter(({ container }) => container === undefined || isRoot)
    .filter(({ only }) => only === undefined || (only === identity && isRoot));
}
