/** Topics on what a host can do: one capability, or a family of them. Pure. */
import type { Report } from "../model/report.ts";
import type { CapabilityNeed } from "../select/capability-needs.ts";
import { describeCapability, markOf } from "./capability-words.ts";
import { namedCapabilityBlocks } from "./matrix-blocks.ts";
import { joinWords, sentence } from "./phrase.ts";
import { item, paragraph } from "./text-block.ts";
import type { Block } from "./text-block.ts";
import { head, type Topic } from "./topic.ts";

/** What the strategies need a capability for, for a caller as the report's. */
export type NeedsOf = (id: string, report: Report) => readonly CapabilityNeed[];

/** One capability: what it is, how it was found out, what hangs on it. */
export function capabilityTopic(id: string, title: string, needsOf: NeedsOf): Topic {
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
export function familiesOf(ids: readonly string[]): [string, string[]][] {
  return [...Map.groupBy(ids, (id) => id.split(".")[0] ?? id)];
}

/** A family: all of its capabilities, in short. */
export function familyTopic(family: string, ids: readonly string[]): Topic {
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
