/** How each strategy carries out each field of a job, as its plan differs from the one without the field. */
import type { HostPaths } from "../../src/launch/host-paths.ts";
import { callBubblewrap } from "../../src/launch/bubblewrap-call.ts";
import { callDocker } from "../../src/launch/docker-call.ts";
import { callSystemd } from "../../src/launch/systemd-call.ts";
import { isMadeBy, type MadePlan } from "../../src/launch/maker-call.ts";
import { callPodman } from "../../src/launch/podman-call.ts";
import type { Standing, Standings } from "../../src/model/capability.ts";
import { CupelError } from "../../src/model/error.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { ConfinementPlan, LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { groupWords, writtenOut } from "../../src/report/maker-words.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import { fieldJobs, type FieldJob } from "./field-jobs.ts";
import { renderTable } from "./readme-table.ts";

/** Whatever a strategy asks for works. */
const everythingWorks: Standings = new Proxy({}, { get: (): Standing => ({ state: "works" }) });

/** A demand that the field brings with it, or takes from what the strategy keeps without it, and that is not kept. */
function findLoss(strategy: Strategy, { job, without, standsOn }: FieldJob): string | undefined {
  const before = strategy.guarantees(without, everythingWorks);
  const isNew = ({ id }: GuaranteeDecision): boolean =>
    id === standsOn ||
    !without.demands.required.includes(id) ||
    before.some((decision) => decision.id === id && decision.kept);
  const lost = strategy
    .guarantees(job, everythingWorks)
    .find((decision) => !decision.kept && job.demands.required.includes(decision.id) && isNew(decision));
  return lost === undefined || lost.kept ? undefined : `refused (${lost.id}): ${lost.reason}`;
}

/** A value on one line. */
function wordsOf(value: unknown): string {
  return typeof value === "object" && value !== null ? Object.values(value).map(wordsOf).join(" ") : String(value);
}

function describeStep({ step, ...rest }: RootStep): string {
  const place = "path" in rest ? rest.path : rest.destination;
  const caps = (["sizeBytes", "filesMax", "shmBytes", "shmFilesMax"] as const).map(
    (name) => [name, (rest as Readonly<Record<string, unknown>>)[name]] as const,
  );
  const notes = [
    ...(step === "bind" && "writable" in rest && rest.writable ? ["writable"] : []),
    ...caps.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${wordsOf(value)}`])),
  ];
  return `${step} ${place}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

/** Its words, one option each; what it finds at a descriptor has another number in each plan. */
function bubblewrapWords(plan: MadePlan): string[] {
  const names = plan.root.flatMap((step) => (step.step === "given" ? [step.content] : []));
  const given = new Map(names.map((name) => [name, new Uint8Array()]));
  const call = callBubblewrap(plan, () => "directory", { layer: "/layer", given });
  return groupWords(writtenOut(call).read).map((words) =>
    words.map((word, at) => (/-fd$|^--file$/u.test(words[at - 1] ?? "") ? "N" : word)).join(" "),
  );
}

/** A host where everything is a directory. */
const everyPath: HostPaths = {
  lookUp: () => "directory",
  readLink: () => undefined,
  resolve: (path) => path,
  mountPoints: [],
  limits: "",
};

const engineBinding = { place: "PLACE", layer: "/layer", outside: { uid: 1000, gid: 1000 } };

/** An engine's words, and what lies in the container's root; files of its own have another number in each plan. */
function engineWords(
  plan: MadePlan,
  words: readonly string[],
  root: readonly { readonly kind: string; readonly path: string }[],
): string[] {
  const groups = groupWords(words).map((group) => group.join(" ").replace(/PLACE\/files\/\d+/u, "PLACE/files/N"));
  const given = plan.root.flatMap((step) =>
    step.step === "given" ? [`written by the launcher: ${step.destination}`] : [],
  );
  return [...groups, ...root.map(({ kind, path }) => `${kind} ${path}`), ...given];
}

/** What root's Podman is shown by number is told by what it is. */
function podmanWords(plan: MadePlan<"podman">): string[] {
  const call = callPodman(plan, everyPath, engineBinding);
  const sourceOf = (number: string): string => {
    const input = call.inputs[Number(number)];
    return input !== undefined && "source" in input ? input.source : "";
  };
  const words = call.arguments.map((word) =>
    word.replace(/source=\/sys\/(\d+)/u, (_, number: string) => `source=${sourceOf(number)}`),
  );
  return engineWords(plan, words, call.contents.root);
}

function dockerWords(plan: MadePlan<"docker">): string[] {
  const call = callDocker(plan, everyPath, { ...engineBinding, environment: {}, program: new Uint8Array() });
  return engineWords(plan, call.arguments, call.image);
}

function unitWords(plan: MadePlan<"systemd-run">): string[] {
  const call = callSystemd(plan, everyPath, { ...engineBinding, environment: {}, program: new Uint8Array() });
  return engineWords(plan, call.arguments.slice(0, -2), call.contents.root);
}

/** What takes the root's place. */
function ruleLines({ rules, scratch }: ConfinementPlan): string[] {
  const own = scratch.directory === undefined ? [] : ["start in a directory of its own"];
  return [...rules.map(({ path, access }) => `allow ${path} (${access})`), ...own];
}

/** What the root is made by. */
function rootLines(plan: LauncherPlan): string[] {
  if (isMadeBy(plan, "podman")) return podmanWords(plan);
  if (isMadeBy(plan, "docker")) return dockerWords(plan);
  if (isMadeBy(plan, "systemd-run")) return unitWords(plan);
  if (isMadeBy(plan, "bubblewrap")) return bubblewrapWords(plan);
  return plan.confinement === undefined ? plan.root.map(describeStep) : ruleLines(plan.confinement);
}

/** Values by their paths in the plan; what is in a list by the list's. */
function flatten(value: unknown, path: string): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((one) => `${path} ${wordsOf(one)}`);
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, one]) => flatten(one, path === "" ? name : `${path}.${name}`));
  return [`${path} ${wordsOf(value)}`];
}

/** All but the root, and what is the command's. */
function otherLines(plan: LauncherPlan): string[] {
  const {
    root: _root,
    confinement: _rules,
    maker: _maker,
    command: _command,
    directory: _directory,
    environment,
    ...rest
  } = plan;
  return [...flatten(rest, ""), ...Object.keys(environment).map((name) => `variable ${name}`)];
}

/** Of many variables their number. */
function foldVariables(lines: readonly string[]): string[] {
  const variables = lines.filter((line) => line.startsWith("variable "));
  if (variables.length < 3) return [...lines];
  return [...lines.filter((line) => !variables.includes(line)), `${variables.length} variables`];
}

function difference(lines: readonly string[], others: readonly string[]): string[] {
  return [...new Set(lines)].filter((line) => !others.includes(line));
}

function describeDifference(plan: LauncherPlan, without: LauncherPlan): string {
  const root = difference(rootLines(plan), rootLines(without));
  const [other, before] = [otherLines(plan), otherLines(without)];
  const namesOf = (lines: readonly string[]): string[] => lines.map((line) => line.split(" ")[0] ?? "");
  const changed = difference(other, before);
  const gone = difference(before, other).filter(
    (line) => line.startsWith("namespaces ") || !namesOf(changed).includes(line.split(" ")[0] ?? ""),
  );
  // Of what is mounted otherwise the new way says enough; a namespace that is not made leaves nothing in its place.
  const shared = difference(rootLines(without), rootLines(plan)).filter((line) => line.startsWith("--unshare"));
  const parts = [
    ...root,
    ...shared.map((line) => `no ${line}`),
    ...foldVariables(changed),
    ...gone.map((line) => `no ${line}`),
  ];
  return parts.length === 0 ? "changes nothing" : parts.join("; ");
}

function cellOf(strategy: Strategy, field: FieldJob): string {
  const loss = findLoss(strategy, field);
  if (loss !== undefined) return loss;
  const planOf = (job: FieldJob["job"]): LauncherPlan => strategy.plan(job, everythingWorks);
  try {
    return describeDifference(planOf(field.job), planOf(field.without));
  } catch (error) {
    if (error instanceof CupelError) return `refused: ${error.message}`;
    throw error;
  }
}

/** The table: a row for each field, a column for each strategy. */
export function renderFields(strategies: readonly Strategy[]): string {
  const ordered = strategies.toSorted((one, other) => one.rank - other.rank);
  const rows = fieldJobs.map((field) => [
    `\`${field.field}\``,
    ...ordered.map((strategy) => cellOf(strategy, field).replaceAll("|", String.raw`\|`)),
  ]);
  return renderTable(["field", ...ordered.map(({ id }) => `\`${id}\``)], rows);
}
