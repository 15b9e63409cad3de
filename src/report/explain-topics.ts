/** What `explain` can explain: every id by kind, and the blocks that do it. Pure. */
import { blockerCodes, capabilityStates, evidenceLevels, type Capability } from "../model/capability.ts";
import { guaranteeIds, guaranteePromises, isolationClasses, type GuaranteeId } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import type { CapabilityNeed } from "../select/capability-needs.ts";
import { blockerExplanations } from "./explanations-blockers.ts";
import {
  classExplanations,
  guaranteeExplanations,
  levelExplanations,
  stateExplanations,
  strategyExplanations,
} from "./explanations.ts";
import { describeFreedoms } from "./lost-guarantee-words.ts";
import { describeCapability, markOf } from "./capability-words.ts";
import { namedCapabilityBlocks } from "./matrix-blocks.ts";
import { count, joinWords, sentence } from "./phrase.ts";
import { placeOfClass } from "./rejection-words.ts";
import { blank, field, item, note, paragraph, verdict } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** Kinds of ids, in the order in which they are listed. */
export const topicKinds = [
  "capability",
  "family",
  "guarantee",
  "blocker",
  "strategy",
  "class",
  "state",
  "evidence level",
  "exit code",
] as const;

/** One of {@link topicKinds}. */
export type TopicKind = (typeof topicKinds)[number];

/** One id of one kind; several kinds may have the same id. */
export interface Topic {
  readonly kind: TopicKind;
  readonly id: string;
  /** One line. */
  readonly summary: string;
  /** What a report has to hold for it: these capabilities and what the default job depends on, everything, or nothing. */
  readonly needs: readonly string[] | "everything" | "nothing";
  /** All of it; without a report, without what it comes to here. */
  readonly blocks: (report: Report | undefined) => Block[];
}

/** What the topics are made from. */
export interface TopicSources {
  /** What the strategies need a capability for, for a caller as the report's. */
  readonly needsOf: (id: string, report: Report) => readonly CapabilityNeed[];
  /** Title of every capability, by id. */
  readonly capabilities: Readonly<Record<string, string>>;
  readonly strategies: readonly Strategy[];
  /** Meanings of every exit code, by code: `doctor: …`. */
  readonly exitCodes: Readonly<Record<string, readonly string[]>>;
}

/** Every topic, by kind and then in the order of its list. */
export function listTopics(sources: TopicSources): Topic[] {
  return [
    ...Object.entries(sources.capabilities).map(([id, title]) => capabilityTopic(id, title, sources.needsOf)),
    ...familiesOf(Object.keys(sources.capabilities)).map(([family, ids]) => familyTopic(family, ids)),
    ...guaranteeIds.map(guaranteeTopic),
    ...blockerCodes.map((id) => wordTopic("blocker", id, blockerExplanations[id], (report) => blockedBy(id, report))),
    ...sources.strategies.map(strategyTopic),
    ...isolationClasses.map((id) =>
      wordTopic("class", id, `${classExplanations[id]} Jobs run ${placeOfClass[id]}.`, (report) =>
        strategiesOf(id, report),
      ),
    ),
    ...capabilityStates.map((id) =>
      wordTopic("state", id, stateExplanations[id], (report) => thoseWith(report, ({ state }) => state === id)),
    ),
    ...evidenceLevels.map((id) =>
      wordTopic("evidence level", id, levelExplanations[id], (report) =>
        thoseWith(report, ({ level }) => level === id),
      ),
    ),
    ...Object.entries(sources.exitCodes).map(([code, meanings]) => exitCodeTopic(code, meanings)),
  ];
}

/** Topics of this id, of whatever kind. */
export function findTopics(id: string, topics: readonly Topic[]): Topic[] {
  return topics.filter((topic) => topic.id === id);
}

const cut = 90;

/** The first sentence, or as much of it as a list has room for. */
function firstSentence(text: string): string {
  const [first = ""] = /^.*?[.;:](?=\s|$)/.exec(text) ?? [text];
  const whole = first.replace(/[.;:]$/, "");
  return whole.length > cut ? `${whole.slice(0, cut)}…` : whole;
}

function head(kind: TopicKind, id: string, text: string): Block[] {
  return [verdict(`${id} (${kind})`), paragraph(sentence(text))];
}

function wordTopic(kind: TopicKind, id: string, text: string, here: (report: Report) => Block[]): Topic {
  const blocks = (report: Report | undefined): Block[] => [...head(kind, id, text), ...(report ? here(report) : [])];
  return { kind, id, summary: firstSentence(text), needs: kind === "class" ? [] : "everything", blocks };
}

function capabilityTopic(id: string, title: string, needsOf: TopicSources["needsOf"]): Topic {
  return {
    kind: "capability",
    id,
    summary: title,
    needs: [id],
    blocks: (report) => [
      ...head("capability", id, title),
      ...(report === undefined
        ? []
        : [...measuredBy(id, report), ...neededFor(needsOf(id, report)), ...namedCapabilityBlocks(report, [id])]),
    ],
  };
}

/** What hangs on it, whatever its state is here. */
function neededFor(needs: readonly CapabilityNeed[]): Block[] {
  if (needs.length === 0) return [paragraph("No strategy of this version needs it for a job of yours without flags.")];
  return needs.map(({ strategy, isRequired, guarantees }) => {
    if (isRequired) return paragraph(`Strategy ${strategy} cannot do without it.`);
    return paragraph(sentence(`Strategy ${strategy} needs it for ${joinWords(guarantees)}`));
  });
}

/** How it is found out, in the words of what was done here. */
function measuredBy(id: string, report: Report): Block[] {
  const capability = report.capabilities.find((candidate) => candidate.id === id);
  if (capability === undefined) return [];
  const actions = [...new Set(capability.evidence.map(({ action }) => action))];
  const how = actions.length === 0 ? "" : `: ${joinWords(actions)}`;
  return [paragraph(sentence(`Measured by the probe ${capability.probe}${how}`))];
}

/** What stands before the first dot, where several share it. */
function familiesOf(ids: readonly string[]): [string, string[]][] {
  return [...Map.groupBy(ids, (id) => id.split(".")[0] ?? id)];
}

function familyTopic(family: string, ids: readonly string[]): Topic {
  return {
    kind: "family",
    id: family,
    summary: joinWords(ids, 4),
    needs: ids,
    blocks: (report) => [
      ...head("family", family, `The capabilities ${joinWords(ids)}`),
      ...(report?.capabilities ?? [])
        .filter(({ id }) => ids.includes(id))
        .map((capability) => item(markOf(capability), sentence(describeCapability(capability)))),
    ],
  };
}

function guaranteeTopic(id: GuaranteeId): Topic {
  const text = `The promise: ${guaranteePromises[id]}. ${guaranteeExplanations[id]}`;
  const freedom = `Without it, the job could ${describeFreedoms([id])}.`;
  return {
    kind: "guarantee",
    id,
    summary: guaranteePromises[id],
    needs: [],
    blocks: (report) => [...head("guarantee", id, `${text} ${freedom}`), ...(report ? keptHere(id, report) : [])],
  };
}

/** Which strategies keep it for the default job here, and on what it stands. */
function keptHere(id: GuaranteeId, { strategies }: Report): Block[] {
  return strategies.flatMap((strategy) => {
    const decision = strategy.guarantees.find((candidate) => candidate.id === id);
    if (decision === undefined) return [];
    const where = strategy.available ? "" : "; it is not available here";
    if (!decision.kept) return [item("blocked", sentence(`${strategy.id} does not keep it: ${decision.reason}`))];
    const mark = strategy.available ? "works" : "degraded";
    const needs =
      decision.capabilities.length === 0 ? [] : [field("Stands on", sentence(joinWords(decision.capabilities)))];
    return [item(mark, sentence(`${strategy.id} keeps it: ${decision.mechanism}${where}`)), ...needs];
  });
}

function strategyTopic({ id, isolation, rank, summary }: Strategy): Topic {
  const text = `${sentence(`${summary[0]?.toUpperCase() ?? ""}${summary.slice(1)}`)} ${strategyExplanations[id] ?? ""} Class ${isolation}, rank ${rank} (lower is preferred).`;
  return {
    kind: "strategy",
    id,
    summary,
    needs: [],
    blocks: (report) => [
      ...head("strategy", id, text.replaceAll(/\s+/g, " ")),
      ...(report ? strategyHere(id, report) : []),
    ],
  };
}

function strategyHere(id: string, report: Report): Block[] {
  const strategy = report.strategies.find((candidate) => candidate.id === id);
  const trial = report.trials.find((candidate) => candidate.strategy === id);
  if (strategy === undefined) return [];
  const isTaken = report.selection.chosen === id ? "; the default job is run by it" : "";
  const kept = strategy.guarantees.filter((decision) => decision.kept).map((decision) => decision.id);
  const unkept = strategy.guarantees.flatMap((decision) => (decision.kept ? [] : [decision]));
  return [
    item(
      strategy.available ? "works" : "blocked",
      sentence(strategy.available ? `Works here${isTaken}` : "Not available here"),
    ),
    ...(strategy.missing.length === 0 ? [] : [field("Lacks", sentence(joinWords(strategy.missing)))]),
    ...(trial === undefined ? [] : [field("Trial", sentence(`${trial.result}; ${trial.summary}`))]),
    ...(kept.length === 0 ? [] : [field("Keeps", sentence(joinWords(kept)))]),
    ...Array.from(
      Map.groupBy(unkept, ({ reason }) => reason),
      ([reason, group]) =>
        field("Does not keep", sentence(`${joinWords(group.map((decision) => decision.id))}: ${reason}`)),
    ),
  ];
}

function strategiesOf(isolation: string, { strategies }: Report): Block[] {
  const members = strategies.filter((strategy) => strategy.isolation === isolation);
  if (members.length === 0) return [item("absent", "No strategy of this class is in this version of cupel.")];
  return members.map(({ id, available }) =>
    item(available ? "works" : "blocked", `Strategy ${id}: ${available ? "works here" : "not available here"}.`),
  );
}

/** What it stops here, with the measured detail and the remedies. */
function blockedBy(code: string, report: Report): Block[] {
  const stopped = report.capabilities.filter(({ blockers }) => blockers.some((blocker) => blocker.code === code));
  if (stopped.length === 0) return [item("works", "It stops nothing that was measured here.")];
  const ids = stopped.map(({ id }) => id);
  return [
    item("blocked", sentence(`It stops ${count(ids.length, "capability", "capabilities")} here: ${joinWords(ids)}`)),
    ...namedCapabilityBlocks(report, ids),
  ];
}

function thoseWith(report: Report, holds: (capability: Capability) => boolean): Block[] {
  const ids = report.capabilities.filter(holds).map(({ id }) => id);
  return [note(ids.length === 0 ? "No capability here." : sentence(`Here: ${joinWords(ids)}`))];
}

function exitCodeTopic(code: string, meanings: readonly string[]): Topic {
  return {
    kind: "exit code",
    id: code,
    summary: meanings[0] ?? "",
    needs: "nothing",
    blocks: () => [verdict(`${code} (exit code)`), ...meanings.map((meaning) => note(sentence(meaning)))],
  };
}

/** Everything by kind, one line each. */
export function topicListBlocks(topics: readonly Topic[]): Block[] {
  return topicKinds.flatMap((kind, index) => {
    const members = topics.filter((topic) => topic.kind === kind);
    if (members.length === 0) return [];
    const title: Block = { kind: "heading", text: `${kind[0]?.toUpperCase() ?? ""}${kind.slice(1)}` };
    return [
      ...(index === 0 ? [] : [blank]),
      title,
      ...members.map(({ id, summary }): Block => ({ kind: "definition", term: id, text: summary })),
    ];
  });
}
