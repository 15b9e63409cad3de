/** Control groups beyond the limits that jobs have: ending and freezing all, processors, delegation, pressure. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { acts, type Act, type ActId } from "./_control-group-acts.ts";
import { explainDenied } from "./_control-group-limits.ts";
import { withoutPlace } from "./_control-group-missing.ts";
import {
  candidatePlaces,
  findUnified,
  readControlGroupPlaces,
  unifiedPlaces,
  type ControlGroupPlaces,
  type Place,
} from "./_control-group-places.ts";
import { onLinux } from "./_elsewhere.ts";
import { oneLine, readLine } from "./_host-text.ts";
import { explainMissingCall } from "./_missing-call.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = Object.keys(acts) as ActId[];

/** Places tried: the own group, and those above it up to three. */
const placesTried = 4;

async function run(context: ProbeContext) {
  const places = readControlGroupPlaces(context.host);
  const findings = await Promise.all(ids.map(async (id) => [id, await probeAct(context, places, id)] as const));
  return Object.fromEntries(findings) as Record<ActId, Finding>;
}

async function probeAct(context: ProbeContext, places: ControlGroupPlaces, id: ActId): Promise<Finding> {
  const act: Act = acts[id];
  const candidates = listPlaces(context, places, act).slice(0, placesTried);
  let first: Finding | undefined;
  for (const place of candidates) {
    const found = await tryPlace(context, act, place);
    if (found.state === "works" || found.state === "unknown") return found;
    // Where no place will do, the own group's reason is the one to act on.
    first ??= found;
  }
  return first ?? nowhere(context, places, act);
}

/** Version 2 first where it can do it without a controller; version 1 as what is left. */
function listPlaces({ host }: ProbeContext, places: ControlGroupPlaces, act: Act): Place[] {
  const unified = act.version2 === undefined ? unifiedPlaces(places) : candidatePlaces(host, places, act.version2);
  if (act.version1 === undefined) return unified.filter(({ version }) => version === "v2");
  return [
    ...unified,
    ...(unified.length === 0 || act.version2 === undefined ? candidatePlaces(host, places, act.version1) : []),
  ];
}

function nowhere({ host }: ProbeContext, places: ControlGroupPlaces, act: Act): Finding {
  const isElsewhere = places.hierarchies.some(({ controllers }) => controllers.includes(act.version2 ?? ""));
  if (act.version1 === undefined && (isElsewhere || findUnified(places) === undefined)) {
    const where = isElsewhere ? `and the ${act.version2} controller is in version 1 here` : "which is not mounted here";
    const detail = `only version 2 of control groups has it, ${where}`;
    const evidence = [{ action: "control groups mounted", result: places.mode }];
    const blockers = [{ code: "cgroup-version", detail }] as const;
    return finding({ state: "absent", level: "declared", summary: detail, evidence, blockers });
  }
  return withoutPlace(host, places, act.version2 ?? act.version1 ?? "", findUnified(places));
}

async function tryPlace(context: ProbeContext, act: Act, place: Place): Promise<Finding> {
  const probeArguments = [act.name, place.version, place.directory, argumentOf(context, act, place)];
  const reading = readSteps(`cgroup ${act.name}`, await context.helpers.probe("cgroup", probeArguments, 5000));
  return judge(context.host, reading, act, place);
}

/** What an act needs to know besides: the memory nodes of version 1, a controller to hand down. */
function argumentOf({ host }: ProbeContext, act: Act, place: Place): string {
  if (act.name === "cpuset" && place.version === "v1") {
    const nodes = readLine(host, `${place.directory}/cpuset.mems`);
    return nodes.ok ? nodes.value : "0";
  }
  if (act.name !== "delegation") return "";
  const handed = readLine(host, `${place.directory}/cgroup.subtree_control`);
  return handed.ok ? (handed.value.split(" ")[0] ?? "") : "";
}

function evidenceIn(reading: Reading, act: Act, place: Place): Evidence[] {
  const controllers = reading.steps.get("controllers")?.text;
  const listed =
    controllers === undefined ? [] : [{ action: "controllers of the group", result: oneLine(controllers) || "none" }];
  return [{ action: "in", result: place.directory }, ...evidenceOf(reading, act.words), ...listed];
}

function judge(host: Host, reading: Reading, act: Act, place: Place): Finding {
  const evidence = evidenceIn(reading, act, place);
  const stopped = ["create", "enter"].find((step) => (errnoAt(reading, step) ?? "ok") !== "ok");
  if (stopped !== undefined) {
    const blocker = explainDenied(errnoAt(reading, stopped) ?? "", stopped, place);
    return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  const unlike = Object.keys(act.expected).find((step) => errnoAt(reading, step) !== act.expected[step]);
  if (unlike === undefined) return judgeNumbers(reading, act, place, evidence);
  const errno = errnoAt(reading, unlike);
  if (errno === undefined) return { ...notEstablished(reading, act.words[unlike] ?? unlike), evidence };
  // A second is long for what the kernel does at once, but an emulated or busy processor takes it.
  if (errno === "ETIMEDOUT") {
    const summary = `could not be established: not within a second: ${act.words[unlike] ?? unlike}`;
    return finding({ state: "unknown", level: "exercised", summary, evidence });
  }
  // Only clone3(2) can make a process in a group, and filters like to hide it.
  if (unlike === "clone-into" && errno === "ENOSYS") {
    const { state, blocker } = explainMissingCall(host, "CLONE_INTO_CGROUP of clone3(2)", [5, 7]);
    return finding({ state, level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  return unlike === act.missing.step
    ? withoutFile(act, errno, place, evidence)
    : broken(`${act.words[unlike] ?? unlike}: ${errno}`, evidence);
}

function judgeNumbers(reading: Reading, act: Act, place: Place, evidence: Finding["evidence"]): Finding {
  const short = Object.entries(act.atLeast ?? {}).find(([step, least]) => (valueAt(reading, step) ?? 0) < least);
  if (short !== undefined)
    return broken(`${act.words[short[0]] ?? short[0]}: ${valueAt(reading, short[0]) ?? 0}`, evidence);
  const { level, summary } = act;
  return finding({ state: "works", level, summary, evidence, value: place.directory });
}

function broken(seen: string, evidence: Finding["evidence"]): Finding {
  return finding({ state: "broken", level: "exercised", summary: `does not do what it should: ${seen}`, evidence });
}

const saidByMissingFile = ["ENOENT", "EOPNOTSUPP", "EINVAL"];

function withoutFile({ missing }: Act, errno: string, place: Place, evidence: Finding["evidence"]): Finding {
  if (saidByMissingFile.includes(errno)) {
    const blockers = [{ code: missing.code, detail: `${missing.detail} (${errno})` }];
    return finding({ state: "absent", level: "exercised", summary: blockers[0]?.detail ?? "", evidence, blockers });
  }
  const blocker = explainDenied(errno, missing.step, place);
  return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
}

/** Probe `control-group-acts`. */
export default defineProbe({
  id: "control-group-acts",
  area: "cgroups",
  capabilities: {
    "cgroup.kill": "Ending a whole group",
    "cgroup.freeze": "Freezing a group",
    "cgroup.oom-group": "Memory kills of a whole group",
    "cgroup.swap": "Swap limit of a group",
    "cgroup.cpuset": "Processors of a group",
    "cgroup.delegation": "Groups within a group",
    "cgroup.pressure": "Pressure of a group",
    "cgroup.cpu-time": "CPU time of a group",
  },
  deadlineMs: 12_000,
  run: onLinux(ids, run),
});
