/** The matrix of a report, by area: counted, listed in whole, or a few capabilities in every detail. */
import { areas } from "../model/capability.ts";
import type { Area, Capability } from "../model/capability.ts";
import type { Report } from "../model/report.ts";
import { usesOf } from "./capability-uses.ts";
import { areaTitles, describeBeforeCauses, describeCapability, markOf, stateWord } from "./capability-words.ts";
import { formatDuration, joinWords, sentence } from "./phrase.ts";
import { detailBlocks, findProblems, groupByCause, isFaulty } from "./problem-blocks.ts";
import { blank, field, heading, item, note } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

/** What works and what is merely absent is counted; everything else is listed, in short where a problem told it already. */
export function foldedMatrixBlocks(report: Report): Block[] {
  const told = new Set(findProblems(report).map((problem) => problem.id));
  const blocks = byArea(report.capabilities).flatMap(([area, members]) => [
    item(worstMark(members, told), `${areaTitles[area]}: ${countStates(members)}.`),
    ...groupByCause(members.filter((member) => isListed(member, told))).flatMap(listedBlocks),
  ]);
  return blocks.length === 0 ? [] : [...heading("Capabilities (--all lists each)"), ...blocks];
}

/** Every capability on its own line. */
export function wholeMatrixBlocks(report: Report): Block[] {
  return byArea(report.capabilities).flatMap(([area, members]) => [
    ...heading(areaTitles[area]),
    ...members.map((member) => item(markOf(member), sentence(describeCapability(member)))),
  ]);
}

/** The named capabilities (or families: `userns` is all of `userns.*`) with everything that is known about them. */
export function namedCapabilityBlocks(report: Report, names: readonly string[]): Block[] {
  const seen = new Map<string, string>();
  return names.flatMap((name) => {
    const found = report.capabilities.filter(({ id }) => id === name || id.startsWith(`${name}.`));
    if (found.length === 0) return [blank, item("unknown", `no capability of this report is called ${name}.`)];
    return found.flatMap((capability) => [blank, ...wholeCapability(capability, report, seen)]);
  });
}

function wholeCapability(capability: Capability, report: Report, seen: Map<string, string>): Block[] {
  const { evidence, value, durationMs } = capability;
  return [
    item(markOf(capability), sentence(describeBeforeCauses(capability))),
    ...(value === undefined ? [] : [field("Value", String(value))]),
    ...evidence.map(({ action, result }) => field("Seen", `${action}: ${result}`)),
    ...detailBlocks(capability, usesOf(capability.id, report.strategies), report.remedies, seen),
    ...(durationMs > 0 ? [field("Took", `${formatDuration(durationMs)} (its whole probe).`)] : []),
  ];
}

function byArea(capabilities: readonly Capability[]): [Area, Capability[]][] {
  return areas
    .map((area): [Area, Capability[]] => [area, capabilities.filter((capability) => capability.area === area)])
    .filter(([, members]) => members.length > 0);
}

/** Words for states, in the order in which they are counted. */
const countedWords = [
  "works",
  "opened (not used)",
  "present (not tried)",
  "degraded",
  "blocked",
  "broken",
  "unknown",
  "absent",
  "not applicable",
];

/** How many capabilities are in each state, in words. */
export function countStates(members: readonly Capability[]): string {
  const counts = countedWords.map((word) => ({
    word,
    amount: members.filter((member) => stateWord(member) === word).length,
  }));
  const plural = (word: string): string => (word === "works" ? "work" : word);
  return counts
    .filter(({ amount }) => amount > 0)
    .map(({ word, amount }) => `${amount} ${amount === 1 ? word : plural(word)}`)
    .join(", ");
}

/** The first of a group that shares a cause, and the names of the others. */
function listedBlocks([first, ...others]: readonly Capability[]): Block[] {
  if (first === undefined) return [];
  const also = others.length === 0 ? "" : ` The same holds for ${joinWords(others.map(({ id }) => id))}.`;
  return [note(`${sentence(describeCapability(first))}${also}`)];
}

function isListed(capability: Capability, told: ReadonlySet<string>): boolean {
  return isFaulty(capability) && capability.state !== "absent" && !told.has(capability.id);
}

const badness: readonly Mark[] = ["absent", "works", "degraded", "unknown", "blocked"];

/** The worst mark in an area; what is absent counts for nothing unless something needs it. */
function worstMark(members: readonly Capability[], told: ReadonlySet<string>): Mark {
  const marks = members.map((member) =>
    member.state === "absent" && told.has(member.id) ? "degraded" : markOf(member),
  );
  return marks.toSorted((left, right) => badness.indexOf(right) - badness.indexOf(left))[0] ?? "absent";
}
