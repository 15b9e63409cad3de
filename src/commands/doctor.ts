/** `cupel doctor`: what this host can enforce. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { isolationSet } from "../model/guarantee.ts";
import type { Report, StrategySummary } from "../model/report.ts";
import { renderJson } from "../report/render-json.ts";
import { renderText } from "../report/render-text.ts";
import { saveReport } from "../report/saved-report.ts";
import { measureHost } from "./measure-host.ts";
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

/** Runs it; gives the exit code. */
export async function doctor({ flags }: CommandLine): Promise<number> {
  const host = createRealHost();
  const directories = stateDirectories(host);
  const report = await measureHost(host, directories, { kind: "whole", deep: flags.has("deep") });
  const saved = saveReport(report, directories, host.identity.uid);
  const style = styleOf(process.stdout);
  process.stdout.write(
    flags.has("json")
      ? renderJson(report)
      : renderText(report, style, { all: flags.has("all"), brief: flags.has("brief") }),
  );
  if (!saved.ok && directories.length > 0) say(`the report could not be saved: ${saved.reason}`);
  return doctorExitCode(report);
}
