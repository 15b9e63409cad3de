/** What `run` and `plan` say when no strategy keeps what is demanded. */
import type { Job } from "../model/job.ts";
import type { Report, Selection, StrategySummary } from "../model/report.ts";
import { summarizeCandidate } from "../report/build-report.ts";
import { describeRefusal, renderRefusal, type RefusalView } from "../report/render-refusal.ts";
import type { TerminalStyle } from "../report/terminal-style.ts";
import { judgeAll } from "../select/select.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { matrixOf } from "./prepare-job.ts";

/** Every strategy, judged for this job. */
export function judgedStrategies(job: Job, report: Report): StrategySummary[] {
  const matrix = matrixOf(report.capabilities);
  return judgeAll({ strategies, job, matrix, trials: report.trials, verified: report.verified }).map(
    summarizeCandidate,
  );
}

function viewOf(job: Job, selection: Selection, report: Report): RefusalView {
  return {
    job,
    selection,
    strategies: judgedStrategies(job, report),
    matrix: matrixOf(report.capabilities),
    remedies: report.remedies,
  };
}

/** The refusal, whole, for standard error, and its first sentence for the outcome. */
export function describeRefused(
  job: Job,
  selection: Selection,
  report: Report,
  style: TerminalStyle,
): { text: string; message: string } {
  const view = viewOf(job, selection, report);
  return { text: renderRefusal(view, style), message: describeRefusal(view) };
}
