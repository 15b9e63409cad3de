/** With what a plan starts its job, and what the job sees. */
import type { Job, Workspace } from "../model/job.ts";
import { guestPlaces, type GuestPlan } from "../model/program-plan.ts";
import type { ConfinementPlan, LauncherPlan, PathRule, ProxyPlan } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";
import { count, formatBytes, joinWords, sentence } from "./phrase.ts";
import { describePublished } from "./published-words.ts";
import { describeRootStep, summarizeRoot } from "./root-step-words.ts";
import { quoteWords } from "./shell-words.ts";
import { field, heading, note } from "./text-block.ts";
import type { Block } from "./text-block.ts";

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
    ...(launch.guest === undefined ? [] : [field("Kernel", sentence(describeGuest(launch.guest)))]),
    field("Network", sentence(describeNetwork(launch))),
    ...(launch.setup === undefined ? [] : [field("Set-up", sentence(`first ${quoteWords(launch.setup)}`))]),
    field("Privileges", sentence(describePrivileges(launch))),
    field("Variables", names.length === 0 ? "none." : sentence(`${joinWords(names)} (values are not shown)`)),
    ...secretBlocks(job),
    ...(launch.terminal === "none" ? [] : [field("Terminal", "one of its own, relayed to the caller's.")]),
    ...processLimitBlocks(launch),
  ];
}

/** In the sandbox it is called so; the last word is another one for each job. */
function describeGuest({ program, command }: GuestPlan): string {
  return `${program}'s, in the sandbox of the host's: ${quoteWords(command)} NAME`;
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
export function rootBlocks({ root, confinement, guest }: LauncherPlan): Block[] {
  if (confinement !== undefined) return ruleBlocks(confinement);
  if (root.length === 0) return [];
  return [...stepBlocks("Root, step by step", root), ...guestBlocks(guest)];
}

function stepBlocks(title: string, steps: readonly RootStep[]): Block[] {
  return [...heading(title), ...steps.map((step, index) => note(`${index + 1}. ${describeRootStep(step)}`))];
}

/** What is beside the job's root, which nothing of the job's is ever shown. */
function guestBlocks(guest: GuestPlan | undefined): Block[] {
  return guest === undefined ? [] : stepBlocks(`Around it (the job's root is ${guestPlaces.root} there)`, guest.root);
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
