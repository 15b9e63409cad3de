/** What a trace showed that a job was denied, a line each, with the flag that would grant it. Pure. */
import type { KernelDenial } from "../model/denial.ts";
import { count } from "./phrase.ts";
import { printableText } from "./printable-text.ts";
import { quoteWords } from "./shell-words.ts";

/** So many are shown; the outcome has them all. */
const shownMax = 20;

function describeDenial({ access, subject, call, errno, count: times, grant, note }: KernelDenial): string {
  const what = subject === undefined ? call : `${access === "call" ? call : access} ${subject}`;
  const how = [subject === undefined ? errno : `${call}: ${errno}`, ...(times > 1 ? [`${times} times`] : [])].join(
    ", ",
  );
  const remedy = [...(grant === undefined ? [] : [quoteWords(grant)]), ...(note === undefined ? [] : [note])];
  return `  ${what} (${how}): ${remedy.join("; ")}`;
}

/** All of it, with a full line each. */
export function describeKernelDenials(denials: readonly KernelDenial[]): string {
  if (denials.length === 0) return "cupel: the trace of the job's calls shows nothing that cupel denied it\n";
  const shown = denials.slice(0, shownMax).map(describeDenial);
  const rest = denials.length > shownMax ? [`  and ${denials.length - shownMax} more; --result FILE has them all`] : [];
  const head = `cupel: ${count(denials.length, "denial")} in the trace of the job's calls, the last first, with what would grant it:`;
  return `${[head, ...shown, ...rest].map((line) => printableText(line, true)).join("\n")}\n`;
}
