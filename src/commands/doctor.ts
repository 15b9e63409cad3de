/** `cupel doctor`: what this host can enforce. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { isolationSet } from "../model/guarantee.ts";
import { CupelError } from "../model/error.ts";
import type { Report, StrategySummary } from "../model/report.ts";
import { renderContainerProfile } from "../report/container-profile.ts";
import { containerAround } from "../report/remedies.ts";
import { renderFix, type FixView } from "../report/render-fix.ts";
import { renderJson } from "../report/render-json.ts";
import { renderText } from "../report/render-text.ts";
import { measureHost } from "./measure-host.ts";
import { matrixOf } from "./prepare-job.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { styleOf } from "./style-of.ts";
import { say } from "./terminal.ts";

/** Whether all that keeps a strategy from doing the default job is what could not be told. */
function mayDo(strategy: StrategySummary, { capabilities, trials }: Report): boolean {
  const isUnknown = (id: string | undefined): boolean =>
    capabilities.find((capability) => capability.id === id)?.state === "unknown";
  const trial = trials.find((candidate) => candidate.strategy === strategy.id)?.result;
  const unkept = strategy.guarantees.filter((decision) => !decision.kept && isolationSet.includes(decision.id));
  return (
    trial !== "failed" &&
    strategy.missing.every(isUnknown) &&
    unkept.every((decision) => !decision.kept && isUnknown(decision.missing))
  );
}

/** The default job's demands: all hold, one fails, or one cannot be told. */
export function doctorExitCode(report: Report): 0 | 1 | 3 {
  if (report.selection.chosen !== undefined) return 0;
  return report.strategies.some((strategy) => mayDo(strategy, report)) ? 3 : 1;
}

/** Each is another form of output: two of them at once would be none. */
function checkForms(flags: CommandLine["flags"]): void {
  const given = ["json", "fix", "container-profile"].filter((name) => flags.has(name));
  if (given.length < 2) return;
  throw new CupelError("usage", `--${given.join(" and --")} cannot be given together; see cupel doctor --help`);
}

function renderReport(report: Report, flags: CommandLine["flags"]): string {
  if (flags.has("json")) return renderJson(report);
  if (flags.has("fix")) return renderFix(fixViewOf(report));
  return renderText(report, styleOf(process.stdout), { all: flags.has("all") });
}

function fixViewOf(report: Report): FixView {
  const inContainer = containerAround(report.capabilities) !== undefined;
  return { ...report, matrix: matrixOf(report.capabilities), demanded: isolationSet, inContainer };
}

/** Runs it; gives the exit code. */
export async function doctor({ flags }: CommandLine): Promise<number> {
  checkForms(flags);
  if (flags.has("container-profile")) {
    process.stdout.write(renderContainerProfile());
    return 0;
  }
  const host = createRealHost();
  const { report, unsaved } = await measureHost(host, stateDirectories(host));
  process.stdout.write(renderReport(report, flags));
  if (unsaved !== undefined) say(`the report could not be saved: ${unsaved}`);
  return doctorExitCode(report);
}
