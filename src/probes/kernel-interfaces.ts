/** Interfaces through which much of the kernel is reached, each used for the least that it does. */
import type { Finding } from "../model/capability.ts";
import { judgeDenied, type DenialSigns } from "./_attribute-interface.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

/** One interface: what was done, in words; which steps must have worked; and one that may fail with only a part lost. */
interface Interface extends DenialSigns {
  readonly words: Readonly<Record<string, string>>;
  readonly uses: readonly string[];
  /** What it means that it works. */
  readonly summary: string;
  readonly part?: { readonly step: string; readonly without: string; readonly isFault: boolean };
}

const interfaces = {
  "interface.io-uring": {
    name: "io_uring",
    words: {
      "io-uring-enter-bad": "io_uring_enter(-1)",
      "io-uring-setup": "io_uring_setup(1)",
      "io-uring-submit": "submit a request that does nothing, and wait for it",
    },
    bad: { step: "io-uring-enter-bad", answers: ["EBADF", "EINVAL"] },
    // Documentation/admin-guide/sysctl/kernel.rst: 1 denies it to who is not privileged, 2 to everybody (Linux 6.6).
    setting: { name: "kernel.io_uring_disabled", deniesFrom: 1, deniesRootFrom: 2 },
    modules: { "kernel.apparmor_restrict_unprivileged_io_uring": "lsm:apparmor" },
    uses: ["io-uring-setup", "io-uring-submit"],
    summary: "carried out a request; system call filters do not see what is asked through it",
  },
  "interface.bpf": {
    name: "bpf",
    words: {
      "bpf-bad": "bpf(unknown command)",
      "bpf-map": "make a map, write to it and read it",
      "bpf-program": "load a program for a socket that returns 0",
    },
    bad: { step: "bpf-bad", answers: ["EINVAL"], askedFirst: true },
    setting: { name: "kernel.unprivileged_bpf_disabled", deniesFrom: 1 },
    uses: ["bpf-map", "bpf-program"],
    summary: "a map holds what was written, and a program was loaded",
  },
  "interface.perf": {
    name: "perf_event_open",
    words: {
      "perf-bad": "perf_event_open(unknown flag)",
      "perf-software": "count the own time in user space",
      "perf-hardware": "count the own processor cycles",
    },
    bad: { step: "perf-bad", answers: ["EINVAL"] },
    // Up to 2 the own user space may be measured; distributions know 3 and 4, which deny that, too.
    setting: { name: "kernel.perf_event_paranoid", deniesFrom: 3 },
    uses: ["perf-software"],
    summary: "counted the own time",
    part: { step: "perf-hardware", without: "no hardware counters", isFault: false },
  },
  "interface.keyring": {
    name: "add_key",
    words: {
      "keyring-bad": "keyctl(unknown command)",
      "keyring-add": "put a key into the own process's keyring",
      "keyring-read": "read it back",
    },
    bad: { step: "keyring-bad", answers: ["EOPNOTSUPP"] },
    setting: { name: "kernel.keys.maxkeys", deniesFrom: Number.POSITIVE_INFINITY },
    uses: ["keyring-add", "keyring-read"],
    summary: "held a key; keyrings have no namespace of their own but the user's",
  },
  "interface.userfaultfd": {
    name: "userfaultfd",
    words: {
      "userfaultfd-bad": "userfaultfd(unknown flag)",
      "userfaultfd-whole": "userfaultfd() for faults in the kernel, too",
      "userfaultfd-own": "userfaultfd(USER_MODE_ONLY)",
      "userfaultfd-fill": "fill a page that was never touched",
    },
    bad: { step: "userfaultfd-bad", answers: ["EINVAL"] },
    // 0 denies what is not USER_MODE_ONLY to who lacks CAP_SYS_PTRACE: the part below, not the whole.
    setting: { name: "vm.unprivileged_userfaultfd", deniesFrom: Number.POSITIVE_INFINITY },
    uses: ["userfaultfd-own", "userfaultfd-fill"],
    summary: "filled a page",
    part: {
      step: "userfaultfd-whole",
      without: "not for faults in the kernel, which is what exploits use",
      isFault: false,
    },
  },
} as const satisfies Readonly<Record<string, Interface>>;

type Id = keyof typeof interfaces;

const ids = Object.keys(interfaces) as Id[];

async function run(context: ProbeContext) {
  const reading = readSteps("interfaces", await context.helpers.probe("interfaces", [], 3000));
  return findingsFor(ids, (id) => judge(context, reading, interfaces[id]));
}

function judge({ host }: ProbeContext, reading: Reading, one: Interface): Finding {
  const evidence = evidenceOf(reading, one.words);
  const failed = one.uses.find((step) => (errnoAt(reading, step) ?? "ok") !== "ok");
  if (failed !== undefined) {
    const errno = errnoAt(reading, failed) ?? "";
    if (["EPERM", "EACCES", "ENOSYS"].includes(errno)) return judgeDenied(host, reading, one, { errno, evidence });
    return judgeTrouble(errno, one, evidence);
  }
  if (one.uses.some((step) => errnoAt(reading, step) === undefined)) {
    return { ...notEstablished(reading, one.name), evidence };
  }
  const part = one.part === undefined ? undefined : errnoAt(reading, one.part.step);
  const without = one.part === undefined || part === "ok" ? "" : `; ${one.part.without} (${part ?? "not reached"})`;
  return finding({ state: "works", level: "exercised", summary: `${one.summary}${without}`, evidence });
}

/** Limits that are reached, and answers that fit no cause. */
function judgeTrouble(errno: string, { name }: Interface, evidence: Finding["evidence"]): Finding {
  const limits: Readonly<Record<string, string>> = {
    ENOMEM: "RLIMIT_MEMLOCK leaves no room for it",
    EDQUOT: "kernel.keys.maxkeys is reached for this user",
    EMFILE: "RLIMIT_NOFILE is reached",
  };
  const limit = limits[errno];
  if (limit !== undefined) {
    const blocker = {
      code: errno === "EDQUOT" ? "sysctl" : "rlimit",
      detail: `${name} fails with ${errno}: ${limit}`,
    } as const;
    return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  if (errno === "ENODEV" || errno === "EOPNOTSUPP") {
    return finding({ state: "absent", level: "exercised", summary: `this kernel has no ${name} (${errno})`, evidence });
  }
  const summary = `${name} is there, but fails with ${errno}`;
  return finding({ state: "broken", level: "exercised", summary, evidence });
}

/** Probe `kernel-interfaces`. */
export default defineProbe({
  id: "kernel-interfaces",
  area: "privilege",
  capabilities: {
    "interface.io-uring": "io_uring",
    "interface.bpf": "BPF",
    "interface.perf": "Performance events",
    "interface.keyring": "Kernel keyrings",
    "interface.userfaultfd": "userfaultfd",
  },
  deadlineMs: 4000,
  run: onLinux(ids, run),
});
