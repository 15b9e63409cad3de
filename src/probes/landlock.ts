/** Landlock: its ABI by asking the kernel, and each family of rights by an act that is denied beside one that is not. */
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { families, openErrata, triedRights, untriedRights, type Family } from "./_landlock-families.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

type Id = keyof typeof families;

const ids = Object.keys(families) as Id[];

async function run({ helpers }: ProbeContext) {
  const reading = readSteps("landlock", await helpers.probe("landlock", [], 3000));
  return { ...findingsFor(ids, (id) => judge(reading, families[id])), "landlock.errata": judgeErrata(reading) };
}

/** LANDLOCK_CREATE_RULESET_ERRATA (Linux 6.15) tells which faults are mended; before it nothing does. */
function judgeErrata(reading: Reading): Finding {
  const abi = valueAt(reading, "abi");
  const asked = evidenceOf(reading, { abi: "landlock_create_ruleset(VERSION)" });
  if (abi === undefined) return noLandlock(reading, asked);
  const evidence = [...asked, ...evidenceOf(reading, { errata: "landlock_create_ruleset(ERRATA), in bits" })];
  const fixed = valueAt(reading, "errata");
  if (fixed === undefined) {
    const summary = `this kernel does not tell which faults are mended (${errnoAt(reading, "errata") ?? "not asked"}); those since Linux 6.15 do`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const open = openErrata(abi, fixed);
  if (open.length === 0) {
    return finding({
      state: "works",
      level: "declared",
      summary: "every known fault is mended",
      evidence,
      value: fixed,
    });
  }
  const blockers = [
    { code: "kernel-version", detail: `this kernel still has Landlock's erratum ${open.join(", ")}` },
  ] as const;
  return finding({
    state: "degraded",
    level: "declared",
    summary: blockers[0].detail,
    evidence,
    blockers,
    value: fixed,
  });
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
  const rights = triedRights(reading, family, abi);
  const words = Object.assign({}, family.words, ...rights.map((right) => right.words)) as Family["words"];
  const evidence = [
    ...asked,
    ...evidenceOf({ ...reading, trouble: undefined }, words),
    ...layersEvidence(reading, family),
  ];
  const whole: Family = {
    ...family,
    words,
    expected: Object.assign({}, family.expected, ...rights.map((right) => right.expected)) as Family["expected"],
  };
  if (!allGave(reading, whole.expected)) return { ...judgeFailure(reading, whole, evidence), value: abi };
  return finding({ state: "works", level: "enforced", summary: summarize(reading, family, abi), evidence, value: abi });
}

function summarize(reading: Reading, family: Family, abi: number): string {
  const tried = triedRights(reading, family, abi).map(({ name }) => name);
  const untried = untriedRights(reading, family, abi);
  const also = tried.length === 0 ? "" : `; so it does for ${tried.join(", ")}`;
  const not = untried.length === 0 ? "" : `; not tried here: ${untried.join(", ")}`;
  return `ABI ${abi}: ${family.summary}${also}${not}`;
}

/** Sixteen domains fit into each other (LANDLOCK_MAX_NUM_LAYERS); one more is E2BIG. */
function layersEvidence(reading: Reading, family: Family): Evidence[] {
  const layers = reading.steps.get("layers");
  if (layers === undefined || family.rights === undefined) return [];
  return [{ action: "enter one domain after the other", result: `${layers.value}, then ${layers.errno}` }];
}

/** A denial proves something only beside a control that worked; a control that failed proves nothing. */
function judgeFailure(reading: Reading, family: Family, evidence: Finding["evidence"]): Finding {
  const control = Object.keys(family.words).find(
    (step) => step.endsWith("-control") && errnoAt(reading, step) !== (family.expected[step] ?? "ok"),
  );
  const unfinished = Object.keys(family.expected).some((step) => errnoAt(reading, step) === undefined);
  if (control !== undefined) {
    const errno = errnoAt(reading, control) ?? "not reached";
    const summary = `could not be established: what Landlock should deny fails without it (${control}: ${errno})`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const layers = reading.steps.get("layers");
  if (layers?.errno === "E2BIG" && layers.value === 0) {
    const detail = "as many Landlock domains surround this process as fit into each other (E2BIG)";
    const blockers = [{ code: "lsm:landlock", detail }] as const;
    return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
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
    "landlock.devices": "Landlock: devices",
    "landlock.scopes": "Landlock: sockets and signals",
    "landlock.errata": "Landlock: mended faults",
  },
  deadlineMs: 4000,
  run: onLinux([...ids, "landlock.errata"], run),
});
