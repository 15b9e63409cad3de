/** What a control group is good for beyond limits: how each is tried, and what shows that it holds. */
import type { BlockerCode, EvidenceLevel } from "../model/capability.ts";

/** One of the prober's acts. */
export interface Act {
  /** Its name in the prober. */
  readonly name: string;
  /** The version 1 controller that does the same; undefined where only version 2 has it. */
  readonly version1: string | undefined;
  /** The version 2 controller that must be handed to children; undefined where every group has it. */
  readonly version2: string | undefined;
  readonly words: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>>;
  /** Steps whose number decides, too: at least this. */
  readonly atLeast?: Readonly<Record<string, number>>;
  readonly level: EvidenceLevel;
  readonly summary: string;
  /** Why the file that is written to, by step, is not there. */
  readonly missing: { readonly step: string; readonly code: BlockerCode; readonly detail: string };
}

const groupWords = { create: "make a group", enter: "move a process into it" } as const;
const removed = { remove: "remove the group" } as const;

/** cgroup-v2.rst and cgroup-v1/*.rst of the kernel's documentation; the kernel versions are those that brought the files. */
export const acts = {
  "cgroup.kill": {
    name: "kill",
    version1: "freezer",
    version2: undefined,
    words: {
      ...groupWords,
      members: "two processes in it, in sessions of their own",
      kill: "have them all killed",
      "all-ended": "wait for the last one's end",
      ...removed,
    },
    expected: { enter: "ok", members: "ok", kill: "ok", "all-ended": "ok" },
    atLeast: { members: 2 },
    level: "enforced",
    summary: "all processes of a group end at once, whatever sessions they are in",
    missing: { step: "kill", code: "kernel-version", detail: "cgroup.kill came with Linux 5.14" },
  },
  "cgroup.freeze": {
    name: "freeze",
    version1: "freezer",
    version2: undefined,
    words: {
      ...groupWords,
      "runs-before": "see a process in it run",
      freeze: "freeze the group",
      frozen: "wait until it says so",
      "stands-still": "see the process stand still",
      thaw: "thaw it",
      "runs-after": "see the process run again",
      ...removed,
    },
    expected: {
      enter: "ok",
      "runs-before": "ok",
      freeze: "ok",
      frozen: "ok",
      "stands-still": "ok",
      thaw: "ok",
      "runs-after": "ok",
    },
    level: "enforced",
    summary: "a process in a frozen group stands still until it is thawed",
    missing: { step: "freeze", code: "kernel-version", detail: "cgroup.freeze came with Linux 5.2" },
  },
  "cgroup.oom-group": {
    name: "oom-group",
    version1: undefined,
    version2: "memory",
    words: {
      ...groupWords,
      limit: "write memory.max",
      "oom-group": "write memory.oom.group",
      "all-ended": "one process goes over it: wait for the end of the other, too",
      events: "such ends, by memory.events",
      ...removed,
    },
    expected: { limit: "ok", "oom-group": "ok", enter: "ok", "all-ended": "ok", events: "ok" },
    atLeast: { events: 1 },
    level: "enforced",
    summary: "whoever goes over the limit takes the whole group along",
    missing: { step: "oom-group", code: "kernel-version", detail: "memory.oom.group came with Linux 4.19" },
  },
  "cgroup.swap": {
    name: "swap",
    version1: "memory",
    version2: "memory",
    words: { create: groupWords.create, limit: "write a limit on swap", "limit-kept": "read it back", ...removed },
    expected: { limit: "ok", "limit-kept": "ok" },
    level: "exercised",
    summary: "a limit on swap is taken; it was not run into",
    missing: {
      step: "limit",
      code: "boot-param",
      detail: "swap is not accounted to groups here (CONFIG_SWAP, swapaccount=1)",
    },
  },
  "cgroup.cpuset": {
    name: "cpuset",
    version1: "cpuset",
    version2: "cpuset",
    words: {
      create: groupWords.create,
      processors: "processors before",
      limit: "write one processor",
      enter: groupWords.enter,
      "one-left": "whether that one is left",
      "other-denied": "take another",
      ...removed,
    },
    expected: { limit: "ok", enter: "ok", "one-left": "ok" },
    level: "enforced",
    summary: "a process in the group runs on its processor alone",
    missing: { step: "limit", code: "kernel-config", detail: "this kernel has no cpuset.cpus in its groups" },
  },
  "cgroup.delegation": {
    name: "delegation",
    version1: undefined,
    version2: undefined,
    words: {
      create: groupWords.create,
      "hand-down": "hand one down",
      "create-below": "make a group in it",
      enter: "move a process into that",
      "clone-into": "clone3(CLONE_INTO_CGROUP) into that",
      inside: "whether the child is there",
      ...removed,
    },
    expected: { "create-below": "ok", enter: "ok", "clone-into": "ok", inside: "ok" },
    level: "exercised",
    summary: "groups can be made in a group of one's own, and a child started in one",
    missing: {
      step: "clone-into",
      code: "kernel-version",
      detail: "CLONE_INTO_CGROUP came with Linux 5.7",
    },
  },
  "cgroup.pressure": {
    name: "pressure",
    version1: undefined,
    version2: undefined,
    words: { create: groupWords.create, pressure: "read its memory.pressure", ...removed },
    expected: { pressure: "ok" },
    level: "exercised",
    summary: "a group of one's own tells how long it had to wait",
    missing: {
      step: "pressure",
      code: "boot-param",
      detail: "pressure is not measured here (CONFIG_PSI, psi=1; Linux 4.20)",
    },
  },
  "cgroup.cpu-time": {
    name: "cpu-time",
    version1: "cpuacct",
    version2: undefined,
    words: {
      ...groupWords,
      burn: "20 ms of CPU time used up in it",
      usage: "milliseconds that it then has counted",
      ...removed,
    },
    expected: { enter: "ok", usage: "ok" },
    atLeast: { usage: 15 },
    level: "exercised",
    summary: "a group counts the CPU time of all of its processes",
    missing: {
      step: "usage",
      code: "kernel-version",
      detail: "every group of version 2 counts CPU time since Linux 4.15",
    },
  },
} as const satisfies Readonly<Record<string, Act>>;

/** Capabilities of this family. */
export type ActId = keyof typeof acts;
