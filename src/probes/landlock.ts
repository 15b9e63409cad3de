/** Landlock: its ABI by asking the kernel, and each family of rights by an act that is denied beside one that is not. */
import type { Blocker, Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

/** One family: the ABI that brought it, what was done in words, and which errnos show that it holds. */
interface Family {
  readonly since: number;
  readonly kernel: string;
  readonly summary: string;
  readonly words: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>>;
}

/** ABIs as Documentation/userspace-api/landlock.rst lists them. */
const families = {
  "landlock.file-system": {
    since: 1,
    kernel: "5.13",
    summary: "denies opening a file and a directory, lets the allowed one through",
    words: {
      "file-control": "open /dev/zero for writing before",
      "directory-control": "open / before",
      "file-restrict": "landlock_restrict_self",
      "file-denied": "open /dev/zero for writing after",
      "directory-denied": "open / after",
      "file-allowed": "open /dev/null, which is allowed, for writing after",
      errata: "errata that are fixed (bits)",
    },
    expected: {
      "file-control": "ok",
      "directory-control": "ok",
      "file-denied": "EACCES",
      "directory-denied": "EACCES",
      "file-allowed": "ok",
    },
  },
  "landlock.network": {
    since: 4,
    kernel: "6.7",
    summary: "denies TCP connect and bind, lets the allowed port through",
    words: {
      "connect-control": "connect to a port before",
      "bind-control": "bind a port before",
      "connect-denied": "connect to it after",
      "bind-denied": "bind a port after",
      "connect-allowed": "connect to a port that is allowed after",
    },
    expected: {
      "connect-control": "ok",
      "bind-control": "ok",
      "connect-denied": "EACCES",
      "bind-denied": "EACCES",
      "connect-allowed": "ok",
    },
  },
  "landlock.scopes": {
    since: 6,
    kernel: "6.12",
    summary: "abstract sockets and processes outside the domain are out of reach, those inside are not",
    words: {
      "abstract-control": "connect to an abstract socket outside before",
      "signal-control": "signal a process outside before",
      "abstract-denied": "connect to it after",
      "signal-denied": "signal it after",
      "abstract-allowed": "connect to an abstract socket inside after",
      "signal-allowed": "signal a process inside after",
    },
    expected: {
      "abstract-control": "ok",
      "signal-control": "ok",
      "abstract-denied": "EPERM",
      "signal-denied": "EPERM",
      "abstract-allowed": "ok",
      "signal-allowed": "ok",
    },
  },
} as const satisfies Readonly<Record<string, Family>>;

type Id = keyof typeof families;

const ids = Object.keys(families) as Id[];

async function run({ helpers }: ProbeContext) {
  const reading = readSteps("landlock", await helpers.probe("landlock", [], 3000));
  return findingsFor(ids, (id) => judge(reading, families[id]));
}

function judge(reading: Reading, family: Family): Finding {
  const abi = valueAt(reading, "abi");
  const asked = evidenceOf(reading, { abi: "landlock_create_ruleset(VERSION)" });
  if (abi === undefined) return noLandlock(reading, asked);
  if (abi < family.since) {
    const blocker: Blocker = {
      code: "kernel-version",
      detail: `Landlock ABI ${abi}; this needs ${family.since} (Linux ${family.kernel})`,
    };
    return finding({
      state: "absent",
      level: "exercised",
      summary: blocker.detail,
      evidence: asked,
      blockers: [blocker],
      value: abi,
    });
  }
  const evidence = [...asked, ...evidenceOf({ ...reading, trouble: undefined }, family.words)];
  if (allGave(reading, family.expected)) {
    return finding({
      state: "works",
      level: "enforced",
      summary: `ABI ${abi}: ${family.summary}`,
      evidence,
      value: abi,
    });
  }
  return { ...judgeFailure(reading, family, evidence), value: abi };
}

/** A denial proves something only beside a control that worked; a control that failed proves nothing. */
function judgeFailure(reading: Reading, family: Family, evidence: Finding["evidence"]): Finding {
  const control = Object.keys(family.words).find(
    (step) => step.endsWith("-control") && errnoAt(reading, step) !== "ok",
  );
  const unfinished = Object.keys(family.expected).some((step) => errnoAt(reading, step) === undefined);
  if (control !== undefined) {
    const errno = errnoAt(reading, control) ?? "not reached";
    const summary = `could not be established: what Landlock should deny fails without it (${control}: ${errno})`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  if (unfinished) return { ...notEstablished(reading, "landlock_restrict_self"), evidence };
  return finding({
    state: "broken",
    level: "exercised",
    summary: "a domain was entered, but it does not deny as it should",
    evidence,
  });
}

/** landlock_create_ruleset(2): EOPNOTSUPP is "built but not enabled at boot", ENOSYS is "not built", or a filter's answer. */
function noLandlock(reading: Reading, evidence: Finding["evidence"]): Finding {
  const errno = errnoAt(reading, "abi");
  if (errno === undefined) return notEstablished(reading, "landlock_create_ruleset");
  if (errno === "EOPNOTSUPP") {
    const blocker: Blocker = {
      code: "boot-param",
      detail: "Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)",
    };
    return finding({ state: "absent", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  const filtered = errno !== "ENOSYS";
  const blocker: Blocker = filtered
    ? { code: "seccomp", detail: `a system call filter answers ${errno} to landlock_create_ruleset` }
    : { code: "kernel-config", detail: "this kernel has no Landlock (ENOSYS), or a filter says so" };
  return finding({
    state: filtered ? "blocked" : "absent",
    level: "exercised",
    summary: blocker.detail,
    evidence,
    blockers: [blocker],
  });
}

/** Probe `landlock`. */
export default defineProbe({
  id: "landlock",
  area: "privilege",
  capabilities: {
    "landlock.file-system": "Landlock: files",
    "landlock.network": "Landlock: TCP",
    "landlock.scopes": "Landlock: sockets and signals",
  },
  deadlineMs: 4000,
  run: onLinux(ids, run),
});
