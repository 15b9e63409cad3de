/** What `verify` prints: guarantee by guarantee what each subject held, what broke the others, and the verdict last. */
import type { DemandVerdict } from "../model/demand.ts";
import { guaranteePromises, type GuaranteeId } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";
import type { GuaranteeResult, SubjectResult, Verification } from "../model/verification.ts";
import { checkExitCodes, conclude, type Conclusion } from "./check-result.ts";
import { reportFormats, type ReportFormatName } from "./formats.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { clause, count, formatDuration, joinWords, sentence } from "./phrase.ts";
import { printableLine } from "./printable-text.ts";
import { renderJson } from "./render-json.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, definition, heading, item, paragraph, verdict, type Block, type Mark } from "./text-block.ts";
import { demandsOfVerification } from "./verification-demands.ts";
import { displayWidth } from "./wrap-text.ts";

/** A verification with what it is about. */
export interface VerificationView {
  readonly verification: Verification;
  /** Guarantees that were named: what is not provided of these is no pass. */
  readonly asked: readonly GuaranteeId[];
  readonly report: Report;
  /** Why it could not be saved, where it should have been. */
  readonly notSaved?: string | undefined;
}

const stateWords: Readonly<Record<GuaranteeResult["state"], string>> = {
  held: "held",
  broken: "broken",
  "not-provided": "not provided",
  unknown: "unknown",
};

const marks: Readonly<Record<GuaranteeResult["state"], Mark>> = {
  held: "works",
  broken: "blocked",
  "not-provided": "absent",
  unknown: "unknown",
};

const guaranteeColumn = 18;
const cellColumn = 24;

/** `held (7)`, `broken (E01)`, `not provided (A01 …)`. */
function cellOf({ state, attacks, brokenBy }: GuaranteeResult): string {
  if (state === "held") return `held (${attacks})`;
  const [first] = brokenBy;
  if (first === undefined) return stateWords[state];
  return `${stateWords[state]} (${first}${brokenBy.length > 1 ? " …" : ""})`;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(width - displayWidth(text), 1));
}

function rowOf(first: string, cells: readonly string[], style: TerminalStyle): string {
  const [last = "", ...others] = cells.toReversed();
  const padded = others.toReversed().map((cell) => pad(cell, cellColumn));
  return `${printableLine(`${pad(first, guaranteeColumn)}${padded.join("")}${last}`, style.unicode)}\n`;
}

function shorten(name: string): string {
  return name.length < cellColumn ? name : `${name.slice(0, cellColumn - 2)}…`;
}

function guaranteesOf(subjects: readonly SubjectResult[]): GuaranteeId[] {
  return subjects[0]?.guarantees.map(({ id }) => id) ?? [];
}

function cellsOf(id: GuaranteeId, subjects: readonly SubjectResult[]): string[] {
  return subjects.map(({ guarantees }) => {
    const found = guarantees.find((guarantee) => guarantee.id === id);
    return found === undefined ? "" : cellOf(found);
  });
}

/** In columns where there is room for them. */
function renderTable(subjects: readonly SubjectResult[], style: TerminalStyle): string {
  const names = subjects.map(({ name }) => shorten(name));
  const rows = guaranteesOf(subjects).map((id) => ({ id, cells: cellsOf(id, subjects) }));
  if (style.columns >= guaranteeColumn + cellColumn * subjects.length)
    return [rowOf("guarantee", names, style), ...rows.map(({ id, cells }) => rowOf(id, cells, style))].join("");
  const blocks = rows.map(({ id, cells }) =>
    definition(id, joinWords(cells.map((cell, index) => `${names[index] ?? ""}: ${cell}`))),
  );
  return layOutBlocks(blocks, style);
}

/** What a reader has to know of a subject: what was broken or could not be told, with the attack. */
function subjectBlocks({ name, mechanisms, guarantees, attacks, durationMs }: SubjectResult): Block[] {
  const open = guarantees.filter(({ state }) => state === "broken" || state === "unknown");
  const told = attacks.filter(({ verdict: one }) => one === "held" || one === "broke").length;
  const how = mechanisms === "" ? "" : ` (${mechanisms})`;
  return [
    ...heading(`${name}${how}`),
    ...open.map(({ id, state, because }) =>
      item(marks[state], sentence(`${id}, ${guaranteePromises[id]}: ${stateWords[state]}; ${clause(because)}`)),
    ),
    paragraph(`${count(told, "attack")} told, of ${attacks.length} made, in ${formatDuration(durationMs)}.`),
  ];
}

const conclusionWords: Readonly<Record<Conclusion, string>> = {
  passed: "passed",
  failed: "failed",
  unknown: "cannot tell",
  drifted: "failed",
  degraded: "failed",
};

function concludeDemands(demands: readonly DemandVerdict[]): Conclusion {
  return demands.length === 0 ? "unknown" : conclude({ demands, failsOnDegraded: false });
}

function describeConclusion(demands: readonly DemandVerdict[]): string {
  const conclusion = concludeDemands(demands);
  const amountOf = (wanted: DemandVerdict["result"]): number =>
    demands.filter(({ result }) => result === wanted).length;
  const words: Partial<Record<Conclusion, string>> = {
    passed: `${count(demands.length, "guarantee")} held`,
    failed: `${amountOf("fails")} of ${count(demands.length, "guarantee")} did not hold`,
    unknown: `${amountOf("unknown")} of ${count(demands.length, "guarantee")} could not be told`,
  };
  return `verify: ${conclusionWords[conclusion]}: ${words[conclusion] ?? ""}`;
}

function renderText({ verification, asked, notSaved }: VerificationView, style: TerminalStyle): string {
  const { subjects } = verification;
  const blocks = [
    ...subjects.flatMap(subjectBlocks),
    blank,
    ...(notSaved === undefined ? [] : [paragraph(sentence(`It could not be saved: ${notSaved}`))]),
    verdict(describeConclusion(demandsOfVerification(verification, asked))),
  ];
  return renderTable(subjects, style) + layOutBlocks(blocks, style);
}

/** The exit code: as `check` has them. */
export function verificationExitCode({
  verification,
  asked,
}: Pick<VerificationView, "verification" | "asked">): number {
  return checkExitCodes[concludeDemands(demandsOfVerification(verification, asked))];
}

/** In one of the formats of a report. */
export async function renderVerificationAs(
  format: ReportFormatName,
  view: VerificationView,
  style: TerminalStyle,
): Promise<string> {
  if (format === "text") return renderText(view, style);
  const demands = demandsOfVerification(view.verification, view.asked);
  if (format === "json") {
    const conclusion = concludeDemands(demands);
    return renderJson({ ...view.verification, result: conclusion, exitCode: checkExitCodes[conclusion] });
  }
  return (await reportFormats[format].load())(view.report, { style, all: false, demands });
}
