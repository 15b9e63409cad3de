/** What `explain` can explain: every id by kind, and the blocks that do it. Pure. */
import { blockerCodes, capabilityStates, evidenceLevels, type Capability } from "../model/capability.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { blockerExplanations } from "./explanations-blockers.ts";
import { classExplanations, levelExplanations, stateExplanations } from "./explanations.ts";
import { namedCapabilityBlocks } from "./matrix-blocks.ts";
import { count, joinWords, sentence } from "./phrase.ts";
import { placeOfClass } from "./rejection-words.ts";
import { blank, item, note, verdict } from "./text-block.ts";
import type { Block } from "./text-block.ts";
import { topicKinds, wordTopic, type Topic } from "./topic.ts";
import { capabilityTopic, familiesOf, familyTopic, type NeedsOf } from "./topics-capability.ts";
import { guaranteeTopic, strategyTopic } from "./topics-promise.ts";

/** What the topics are made from. */
export interface TopicSources {
  readonly needsOf: NeedsOf;
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
