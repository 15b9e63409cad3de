/** What a topic of `explain` is, and the parts that all of them have. Pure. */
import type { Report } from "../model/report.ts";
import { sentence } from "./phrase.ts";
import { paragraph, verdict } from "./text-block.ts";
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

const cut = 90;

/** The first sentence, or as much of it as a list has room for. */
function firstSentence(text: string): string {
  const [first = ""] = /^.*?[.;:](?=\s|$)/.exec(text) ?? [text];
  const whole = first.replace(/[.;:]$/, "");
  return whole.length > cut ? `${whole.slice(0, cut)}…` : whole;
}

/** Its name, and what it is. */
export function head(kind: TopicKind, id: string, text: string): Block[] {
  return [verdict(`${id} (${kind})`), paragraph(sentence(text))];
}

/** A topic of words, and what it comes to here. */
export function wordTopic(kind: TopicKind, id: string, text: string, here: (report: Report) => Block[]): Topic {
  const blocks = (report: Report | undefined): Block[] => [...head(kind, id, text), ...(report ? here(report) : [])];
  return { kind, id, summary: firstSentence(text), needs: kind === "class" ? [] : "everything", blocks };
}
