/** What differs between two snapshots, and what several of one host agree on. Pure. */
import { isUsable, type CapabilityState } from "../model/capability.ts";
import type { ExpectedCapability, ExpectedStrategy, Snapshot } from "./snapshot.ts";

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
