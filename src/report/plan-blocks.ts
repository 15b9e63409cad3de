/** The sections of a plan. */
import { guaranteeIds, guaranteePromises } from "../model/guarantee.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Demands, Job, Workspace } from "../model/job.ts";
import type { ConfinementPlan, LauncherPlan, PathRule, Plan, ProxyPlan } from "../model/plan.ts";
import type { Matrix } from "../model/capability.ts";
import { clause, count, formatBytes, formatDuration, joinWords, sentence } from "./phrase.ts";
import { describePublished } from "./published-words.ts";
import { describeLack } from "./rejection-words.ts";
import { describeRootStep, summarizeRoot } from "./root-step-words.ts";
import { quoteWords } from "./shell-words.ts";
import { field, heading, item, note } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

/** With what the job is started. Values of variables are never shown: they may be secrets. */
export function launchBlocks(job: Job, launch: LauncherPlan): Block[] {
  const own = Object.keys(launch.confinement?.scratch.variables ?? {});
  const names = [...new Set([...Object.keys(launch.environment), ...own])].toSorted();
  return [
    ...heading("With"),
    field("Directory", launch.directory),
    field("Workspace", describeWorkspace(job.workspace, launch)),
    field("Root", sentence(launch.confinement === undefined ? summarizeRoot(launch.root) : confinedView)),
    ...layoutBlocks(job),
    field("Identity", sentence(describeIdentity(launch))),
    field("Namespaces", launch.namespaces.length === 0 ? "none of its own." : sentence(joinWords(launch.namespaces))),
    ...(launch.maker === undefined ? [] : [field("Made by", `${launch.maker.program} (${launch.maker.path})`)]),
    field("Network", sentence(describeNetwork(launch))),
    ...(launch.setup === undefined ? [] : [field("Set-up", sentence(`first ${quoteWords(launch.setup)}`))]),
    field("Privileges", sentence(describePrivileges(launch))),
    field("Variables", names.length === 0 ? "none." : sentence(`${joinWords(names)} (values are not shown)`)),
    ...secretBlocks(job),
    ...(launch.terminal === "none" ? [] : [field("Terminal", "one of its own, relayed to the caller's.")]),
    ...processLimitBlocks(launch),
  ];
}

/** How each is given; a value is nobody's to see. */
function secretBlocks({ secrets = [], injections = [], masksOutput }: Job): Block[] {
  const given = { file: "in a file", descriptor: "behind a descriptor", proxy: "in the proxy alone" } as const;
  const headers = injections.map(({ host, header }) => `${header} for ${host}`);
  return [
    ...(secrets.length === 0
      ? []
      : [field("Secrets", sentence(joinWords(secrets.map(({ name, delivery }) => `${name} ${given[delivery]}`))))]),
    ...(headers.length === 0 ? [] : [field("Put in", sentence(joinWords(headers)))]),
    ...(masksOutput === true ? [field("Output", "without the secrets' values.")] : []),
  ];
}

/** Every step that builds the root, in order, or every rule in its place; nothing where there is neither. */
export function rootBlocks({ root, confinement }: LauncherPlan): Block[] {
  if (confinement !== undefined) return ruleBlocks(confinement);
  if (root.length === 0) return [];
  return [
    ...heading("Root, step by step"),
    ...root.map((step, index) => note(`${index + 1}. ${describeRootStep(step)}`)),
  ];
}

const confinedView = "the caller's own view of the file system, of which nothing but what rules name can be opened";

const accessWords: Readonly<Record<PathRule["access"], string>> = {
  read: "to read and execute",
  write: "to change",
  device: "to read from and write to",
};

function ruleBlocks({ rules, scratch }: ConfinementPlan): Block[] {
  const own = Object.entries(scratch.variables).map(([name, place]) => `${name} is its ${place}`);
  return [
    ...heading("What can be opened, rule by rule"),
    ...rules.map(({ path, access, optional }, index) =>
      note(`${index + 1}. ${path}: ${accessWords[access]}${optional ? ", if it exists" : ""}`),
    ),
    note(`${rules.length + 1}. a directory of the job's own, removed when it has ended: ${joinWords(own)}`),
  ];
}

/** Every cap that was stated or is applied by default, and how it is kept. */
export function limitBlocks(job: Job, plan: Plan, matrix: Matrix): Block[] {
  const caps = capsOf(job);
  const disks = diskRateBlocks(plan);
  if (caps.length + disks.length === 0) return [...heading("Limits"), note("None.")];
  const items = caps.map(({ id, text, stated }) => {
    const decision = plan.guarantees.find((candidate) => candidate.id === id);
    const how = decision === undefined ? "not kept: the strategy does not know it" : describeDecision(decision, matrix);
    return item(
      decision?.kept === true ? "works" : "degraded",
      sentence(`${id} (${text}, ${stated ? "stated" : "default"}): ${how}`),
    );
  });
  return [...heading("Limits"), ...items, ...disks];
}

/** No guarantee stands for these: there is a plan only where they are kept. */
function diskRateBlocks({ launch }: Plan): Block[] {
  const { readBytes, writeBytes, disks = [] } = launch.controlGroup.io ?? {};
  const rates = [
    ...(readBytes === undefined ? [] : [`reads ${formatBytes(readBytes)} a second`]),
    ...(writeBytes === undefined ? [] : [`writes ${formatBytes(writeBytes)} a second`]),
  ];
  const where = `${disks.length === 1 ? "disk" : "each of the disks"} ${joinWords(disks)}`;
  return rates.map((rate) =>
    item("works", sentence(`${where} (${rate}, stated): kept: a control group of the job's own (io)`)),
  );
}

/** Every guarantee but the caps, demanded or not, with its mechanism or the reason why it is not kept. */
export function guaranteeBlocks(decisions: readonly GuaranteeDecision[], demands: Demands, matrix: Matrix): Block[] {
  const isolation = guaranteeIds.filter((id) => !id.startsWith("limit."));
  const items = isolation.flatMap((id) => {
    const decision = decisions.find((candidate) => candidate.id === id);
    return decision === undefined ? [] : [guaranteeItem(decision, demands, matrix)];
  });
  return [...heading("Guarantees"), ...items];
}

function guaranteeItem(decision: GuaranteeDecision, demands: Demands, matrix: Matrix): Block {
  const demand = demandOn(decision.id, demands);
  const text = `${decision.id} (${guaranteePromises[decision.id]}${demandWords[demand]}): ${describeDecision(decision, matrix)}`;
  return item(decision.kept ? "works" : unkeptMarks[demand], sentence(text));
}

/** What the job says about a guarantee. */
type Demand = "demanded" | "given up" | "not demanded";

function demandOn(id: GuaranteeId, { required, accepted }: Demands): Demand {
  if (!required.includes(id)) return "not demanded";
  return accepted.includes(id) ? "given up" : "demanded";
}

const demandWords: Readonly<Record<Demand, string>> = {
  demanded: "",
  "given up": ", given up by name",
  "not demanded": ", not demanded",
};

const unkeptMarks: Readonly<Record<Demand, Mark>> = {
  demanded: "blocked",
  "given up": "degraded",
  "not demanded": "absent",
};

function describeDecision(decision: GuaranteeDecision, matrix: Matrix): string {
  return decision.kept
    ? `kept: ${clause(decision.mechanism)}`
    : `not kept: ${describeLack(decision.reason, decision.missing, matrix)}`;
}

/** What its root has beyond every job's; what cupel writes and mounts there stands among the steps. */
function layoutBlocks({ layout }: Job): Block[] {
  const { root, denied, keptNames } = layout;
  return [
    ...(root === undefined ? [] : [field("Programs", `those of ${root.source}, in the place of the host's.`)]),
    ...(denied.length === 0 ? [] : [field("Hidden", sentence(joinWords(denied)))]),
    ...(keptNames.length === 0 ? [] : [field("Protected", sentence(`${joinWords(keptNames)}: read-only`))]),
  ];
}

function describeWorkspace(workspace: Workspace, { root, confinement }: LauncherPlan): string {
  if (workspace.mode !== "empty" && root.length === 0 && confinement === undefined)
    return `${workspace.path}, the host's own: the job changes there what you may change.`;
  if (workspace.mode === "empty") return sentence(workspace.why === "" ? "empty" : `empty: ${workspace.why}`);
  if (workspace.mode === "cow" && !root.some(({ step }) => step === "overlay" || step === "copy"))
    return `${workspace.path}, read-only: no layer is laid over it here.`;
  if (workspace.mode === "cow")
    return `${workspace.path}, copy-on-write: changes are kept apart until they are applied.`;
  return `${workspace.path}, ${workspace.mode === "ro" ? "read-only." : "writable: changes are made to the host's files."}`;
}

function describeIdentity({ outside, inside }: LauncherPlan): string {
  const host =
    outside === "caller"
      ? "on the host the caller's user and all of its groups, which only root can give up: they count for what is granted"
      : "on the host ids that nobody else has, no supplementary groups";
  return inside === undefined ? host : `${host}; inside uid ${inside.uid} and gid ${inside.gid}`;
}

function describeNetwork(plan: LauncherPlan): string {
  const { publish } = plan;
  const reached = publish === undefined ? "" : `; from the host ${joinWords(publish.map(describePublished))}`;
  return `${describeWayOut(plan)}${reached}`;
}

function describeProxy({ allow, allowInSetup }: ProxyPlan): string {
  const list = (names: readonly string[]): string =>
    names.length === 0 ? "nothing" : `${joinWords(names)}, nothing else`;
  return allowInSetup === undefined
    ? list(allow)
    : `${list(allowInSetup)} until the set-up command has ended; then ${list(allow)}`;
}

function describeWayOut({ namespaces, loopbackUp, sockets, proxy }: LauncherPlan): string {
  if (sockets === "pairs-only") return "no socket can be made but connected pairs";
  if (!namespaces.includes("network")) return "the host's";
  if (proxy !== undefined) {
    const way =
      proxy.directPorts === undefined ? "a loopback of its own" : "a loopback of its own that every address leads to";
    return `${way}, and through cupel's proxy ${describeProxy(proxy)}`;
  }
  return loopbackUp ? "none but a loopback of its own" : "none, and no loopback";
}

function describeLandlock({ landlockVersion, landlockScopes, landlockNetwork, confinement }: LauncherPlan): string {
  const files = confinement === undefined ? "files as the mounts have them" : "files by rules";
  const parts = [
    ...(landlockVersion === undefined ? [] : [files]),
    ...(landlockNetwork === undefined ? [] : ["no TCP"]),
    ...landlockScopes,
  ];
  return parts.length === 0 ? "no Landlock" : `Landlock: ${joinWords(parts)}`;
}

function describePrivileges(plan: LauncherPlan): string {
  const { dropCapabilities, seccomp, umask } = plan;
  const parts = [
    dropCapabilities ? "all capabilities dropped" : "the caller's capabilities are kept",
    seccomp === "none" ? "no system call filter" : `system call filter "${seccomp}"`,
    describeLandlock(plan),
    `umask ${umask.toString(8).padStart(4, "0")}`,
  ];
  return parts.join("; ");
}

function processLimitBlocks({ resourceLimits }: LauncherPlan): Block[] {
  const { core, cpuSeconds, fileBytes, openFiles, processes } = resourceLimits;
  const parts = [
    ...(core === undefined ? [] : [core === 0 ? "no core files" : `core files of at most ${formatBytes(core)}`]),
    ...(openFiles === undefined ? [] : [count(openFiles, "open file")]),
    ...(fileBytes === undefined ? [] : [`files of at most ${formatBytes(fileBytes)}`]),
    ...(cpuSeconds === undefined ? [] : [`${count(cpuSeconds, "second")} of CPU time`]),
    ...(processes === undefined ? [] : [`RLIMIT_NPROC ${processes}`]),
  ];
  return parts.length === 0 ? [] : [field("Per process", sentence(joinWords(parts)))];
}

interface Cap {
  readonly id: GuaranteeId;
  readonly text: string;
  readonly stated: boolean;
}

/** A cap with its words; nothing for one that nobody asked for. */
function cap(id: GuaranteeId, value: number | undefined, describe: (value: number) => string, stated = true): Cap[] {
  return value === undefined ? [] : [{ id, text: describe(value), stated }];
}

function capsOf({ limits, defaultLimits }: Job): Cap[] {
  const { memoryBytes, pids, graceMs, onOutput = "truncate" } = limits;
  return [
    ...cap("limit.time", limits.timeoutMs, (time) => describeTime(time, graceMs)),
    ...cap("limit.time", limits.idleMs, (time) => `${formatDuration(time)} without output`),
    ...cap("limit.cpu", limits.cpus, (cpus) => count(cpus, "CPU")),
    ...cap("limit.cpu", limits.cpuTimeMs, (time) => `${formatDuration(time)} of CPU time`),
    ...cap("limit.memory", memoryBytes ?? defaultLimits.memoryBytes, formatBytes, memoryBytes !== undefined),
    ...cap(
      "limit.pids",
      pids ?? defaultLimits.pids,
      (processes) => count(processes, "process", "processes"),
      pids !== undefined,
    ),
    ...cap("limit.disk", limits.diskBytes, (bytes) => `${formatBytes(bytes)} in each private file system`),
    ...cap("limit.disk", limits.diskFiles, (files) => `${count(files, "file")} in each private file system`),
    ...cap("limit.disk", limits.layerBytes, (bytes) => `${formatBytes(bytes)} of changes to the workspace`),
    ...cap("limit.output", limits.outputBytes, (bytes) => `${formatBytes(bytes)}, then ${onOutput}`),
  ];
}

function describeTime(timeoutMs: number, graceMs: number): string {
  return `${formatDuration(timeoutMs)}, then SIGTERM and after ${formatDuration(graceMs)} SIGKILL`;
}
