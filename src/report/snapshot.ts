/** What is expected to stay on a host: its matrix without what changes from run to run. Pure. */
import { isUsable, type BlockerCode, type CapabilityState } from "../model/capability.ts";
import type { GuaranteeId, IsolationClass } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";

/** One capability as it is expected. */
export interface ExpectedCapability {
  readonly state: CapabilityState;
  readonly value?: string | number | undefined;
  /** Codes, each once, in alphabetical order. */
  readonly blockers?: readonly BlockerCode[] | undefined;
}

/** One strategy as it is expected. */
export interface ExpectedStrategy {
  readonly isolation: IsolationClass;
  readonly available: boolean;
  /** What it keeps for the default job. */
  readonly keeps: readonly GuaranteeId[];
}

/** The expected matrix, sorted by id, with the facts of the host that explain a difference. */
export interface Snapshot {
  readonly host: Readonly<Record<string, string>>;
  readonly capabilities: Readonly<Record<string, ExpectedCapability>>;
  readonly strategies: Readonly<Record<string, ExpectedStrategy>>;
  readonly selection: { readonly chosen?: string | undefined };
}

/** One thing that is not as it was. `was` or `is` is absent where it was not there. */
export interface Difference {
  readonly kind: "capability" | "strategy" | "guarantee" | "selection";
  /** For a guarantee: `namespaces: net.none`. */
  readonly id: string;
  readonly was?: string | undefined;
  readonly is?: string | undefined;
  readonly change: "better" | "worse" | "other";
}

/** One fact of the host that differs. */
export interface FactChange {
  readonly fact: string;
  readonly was?: string | undefined;
  readonly is?: string | undefined;
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Facts joined as `a=1 b=2`, each by its own name. */
function splitFacts(kind: string, joined: string): [string, string][] {
  return joined
    .split(/\s+(?=[^\s=]+=)/)
    .filter((fact) => fact.includes("="))
    .map((fact) => [`${kind} ${fact.slice(0, fact.indexOf("="))}`, fact.slice(fact.indexOf("=") + 1)]);
}

function limitFacts(joined: string): [string, string][] {
  return joined.split(";").flatMap((line) => {
    const match = /^\s*(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    return match === null
      ? []
      : [[`limit ${match[1] ?? ""}`, `${match[2] ?? ""} ${match[3] ?? ""}`] as [string, string]];
  });
}

/** Facts of the host that explain a difference: none that is one boot's, one session's or one user's alone. */
function hostFacts({ fingerprintParts: parts, cupel, user }: Report): Record<string, string> {
  return sorted([
    ["kernel", parts["kernel"] ?? ""],
    ["cupel", `${cupel.version} (build ${cupel.build})`],
    ["caller", user.uid === 0 ? "root" : "an ordinary user"],
    ["lsm label", parts["lsmLabel"] ?? ""],
    ["uid map", (parts["uidMap"] ?? "").replaceAll(/\s+/g, " ").trim()],
    ...splitFacts("privilege", parts["privileges"] ?? ""),
    ...splitFacts("sysctl", parts["sysctls"] ?? ""),
    ...limitFacts(parts["resourceLimits"] ?? ""),
  ]);
}

/** Every fact that a report holds, those of one boot or session too. */
function allFacts(report: Report): Record<string, string> {
  const { boot = "", namespaces = "", programs = "", controlGroup = "", user = "" } = report.fingerprintParts;
  return sorted([
    ...Object.entries(hostFacts(report)),
    ["boot", boot],
    ["user", user],
    ["control group", controlGroup.replaceAll("\n", " ")],
    ...namespaces
      .split(" ")
      .filter((word) => word.includes(":"))
      .map((word): [string, string] => [
        `namespace ${word.slice(0, word.indexOf(":"))}`,
        word.slice(word.indexOf(":") + 1),
      ]),
    ...splitFacts("program", programs),
  ]);
}

/** Values that are amounts, measured anew each time: a time is never the same twice. */
const measuredAmounts = ["kvm.latency"];

/** Who calls explains differences, and is none. */
const ofTheCaller = ["layer.session"];

/** A path may be one session's or user's, and the kernel's release explains differences and is none. */
function isLasting(id: string, value: string | number, release: string): boolean {
  if (ofTheCaller.includes(id)) return false;
  const text = String(value);
  return !text.startsWith("/") && (release === "" || !text.includes(release));
}

/** What of a report is expected to stay; or with every value and fact, for two reports that are compared. */
export function snapshotOf(report: Report, extent: "lasting" | "all" = "lasting"): Snapshot {
  const release = (report.fingerprintParts["kernel"] ?? "").split(" ")[0] ?? "";
  const isShown = (id: string, value: string | number | undefined): boolean =>
    value !== undefined && !measuredAmounts.includes(id) && (extent === "all" || isLasting(id, value, release));
  const capabilities = report.capabilities.map(({ id, state, value, blockers }): [string, ExpectedCapability] => {
    const codes = [...new Set(blockers.map(({ code }) => code))].toSorted();
    return [
      id,
      {
        state,
        ...(isShown(id, value) ? { value } : {}),
        ...(codes.length === 0 ? {} : { blockers: codes }),
      },
    ];
  });
  const strategies = report.strategies.map(({ id, isolation, available, guarantees }): [string, ExpectedStrategy] => [
    id,
    { isolation, available, keeps: guarantees.filter(({ kept }) => kept).map((decision) => decision.id) },
  ]);
  const { chosen } = report.selection;
  return {
    host: extent === "all" ? allFacts(report) : hostFacts(report),
    capabilities: sorted(capabilities),
    strategies: sorted(strategies),
    selection: chosen === undefined ? {} : { chosen },
  };
}

function namesOf(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted();
}

/** `blocked (ns-limit)`, `works [7]`. */
function describeExpected(expected: ExpectedCapability | undefined): string | undefined {
  if (expected === undefined) return undefined;
  const { state, value, blockers = [] } = expected;
  const codes = blockers.length === 0 ? "" : ` (${blockers.join(", ")})`;
  return `${state}${codes}${value === undefined ? "" : ` [${value}]`}`;
}

function rank(state: CapabilityState | undefined): number {
  if (state === "works") return 2;
  return state !== undefined && isUsable({ state }) ? 1 : 0;
}

function compare(was: number, is: number): Difference["change"] {
  if (was === is) return "other";
  return is > was ? "better" : "worse";
}

/** Two things as they read; nothing where they read the same. */
function difference(
  kind: Difference["kind"],
  id: string,
  words: readonly [string | undefined, string | undefined],
  change: Difference["change"],
): Difference[] {
  const [was, is] = words;
  if (was === is) return [];
  return [{ kind, id, ...(was === undefined ? {} : { was }), ...(is === undefined ? {} : { is }), change }];
}

function capabilityDifferences(was: Snapshot, is: Snapshot): Difference[] {
  return namesOf(was.capabilities, is.capabilities).flatMap((id) => {
    const [before, now] = [was.capabilities[id], is.capabilities[id]];
    // What has no meaning for one of both callers is neither better nor worse.
    const states = [before?.state, now?.state];
    const isComparable = states.every((state) => state !== undefined && state !== "not-applicable");
    const change = isComparable ? compare(rank(before?.state), rank(now?.state)) : "other";
    return difference("capability", id, [describeExpected(before), describeExpected(now)], change);
  });
}

function availabilityOf(strategy: ExpectedStrategy | undefined): string | undefined {
  if (strategy === undefined) return undefined;
  return strategy.available ? "available" : "not available";
}

function strategyDifferences(was: Snapshot, is: Snapshot): Difference[] {
  return namesOf(was.strategies, is.strategies).flatMap((id) => {
    const [before, now] = [was.strategies[id], is.strategies[id]];
    const isOnBoth = before !== undefined && now !== undefined;
    const change = isOnBoth ? compare(Number(before.available), Number(now.available)) : "other";
    const own = difference("strategy", id, [availabilityOf(before), availabilityOf(now)], change);
    return isOnBoth ? [...own, ...guaranteeDifferences(id, before, now)] : own;
  });
}

function guaranteeDifferences(id: string, was: ExpectedStrategy, is: ExpectedStrategy): Difference[] {
  const ids = [...new Set([...was.keeps, ...is.keeps])].toSorted();
  const word = (keeps: boolean): string => (keeps ? "kept" : "not kept");
  return ids.flatMap((guarantee) => {
    const [before, now] = [was.keeps.includes(guarantee), is.keeps.includes(guarantee)];
    return difference(
      "guarantee",
      `${id}: ${guarantee}`,
      [word(before), word(now)],
      compare(Number(before), Number(now)),
    );
  });
}

function selectionDifferences({ selection: was }: Snapshot, { selection: is }: Snapshot): Difference[] {
  const change = compare(Number(was.chosen !== undefined), Number(is.chosen !== undefined));
  return difference("selection", "the default job", [was.chosen ?? "refused", is.chosen ?? "refused"], change);
}

/** Ids of the capabilities that are not the same in both. */
export function unstableIn(one: Snapshot, other: Snapshot): string[] {
  return capabilityDifferences(one, other).map(({ id }) => id);
}

/**
 * What several measurements of one host, of which the last decides, agree on: what each other capability was twice, without
 * a value where only that changed. What was never the same twice cannot be expected, and is left out.
 */
export function stablePart(earlier: readonly Snapshot[], last: Snapshot): Snapshot {
  const isLike = (id: string, expected: ExpectedCapability | undefined): boolean =>
    earlier.some(({ capabilities }) => describeExpected(capabilities[id]) === describeExpected(expected));
  const entries = Object.entries(last.capabilities).flatMap(([id, expected]): [string, ExpectedCapability][] => {
    if (isLike(id, expected)) return [[id, expected]];
    const { value: _value, ...rest } = expected;
    return earlier.every(({ capabilities }) => capabilities[id]?.state === expected.state) ? [[id, rest]] : [];
  });
  return { ...last, capabilities: Object.fromEntries(entries) };
}

/** Everything that differs, by kind and id. */
export function compareSnapshots(was: Snapshot, is: Snapshot): Difference[] {
  return [...selectionDifferences(was, is), ...strategyDifferences(was, is), ...capabilityDifferences(was, is)];
}

/** Differences that were found twice in the same way. */
export function commonDifferences(one: readonly Difference[], other: readonly Difference[]): Difference[] {
  return other.filter((later) =>
    one.some(({ kind, id, is }) => kind === later.kind && id === later.id && is === later.is),
  );
}

/** Facts that differ, by name. */
export function compareFacts(
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
): FactChange[] {
  return namesOf(was, is)
    .filter((fact) => was[fact] !== is[fact])
    .map((fact) => ({
      fact,
      ...(was[fact] === undefined ? {} : { was: was[fact] }),
      ...(is[fact] === undefined ? {} : { is: is[fact] }),
    }));
}
