/** `cupel strategies`: all strategies, the preferred first. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { Report } from "../model/report.ts";
import type { StartCost } from "../model/start-cost.ts";
import { renderJson } from "../report/render-json.ts";
import { renderStrategies } from "../report/render-strategies.ts";
import { saveStartCosts } from "../report/saved-start-costs.ts";
import { listStrategy, strategyListSchema, type StrategyList } from "../report/strategy-list.ts";
import { defaultRequest } from "../run/job-request.ts";
import { preferenceOrder } from "../select/preference-order.ts";
import { isAvailable, judgeAll, select } from "../select/select.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { measureStarts } from "../verify/measure-starts.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { matrixOf, obtainReport, prepareJob, type Inquiry } from "./prepare-job.ts";
import { judgedStrategies } from "./refuse.ts";
import { styleOf } from "./style-of.ts";
import { say, writeOutput } from "./terminal.ts";

interface Starts {
  readonly costs: readonly StartCost[];
  readonly problems: ReadonlyMap<string, string>;
}

/** Measures what is here, and keeps it for the choices to come. */
async function measureAvailable({ job, host, directories }: Inquiry, report: Report): Promise<Starts> {
  const matrix = matrixOf(report.capabilities);
  const present = judgeAll({ strategies, job, matrix, trials: report.trials }).filter(isAvailable);
  const context = { host, matrix, stateDirectories: directories };
  const measured = await measureStarts(
    present.map(({ strategy }) => strategy),
    job,
    context,
  );
  const costs = measured.flatMap(({ cost }) => cost ?? []);
  const problems = new Map(
    measured.flatMap((one) => (one.cost === undefined ? [[one.strategy, one.problem] as const] : [])),
  );
  const notSaved = saveStartCosts(costs, directories, host.identity.uid, report.fingerprintParts);
  if (notSaved !== undefined) say(`what was measured could not be saved: ${notSaved}`);
  return { costs, problems };
}

function listAll({ job }: Inquiry, report: Report, { costs, problems }: Starts): StrategyList {
  const matrix = matrixOf(report.capabilities);
  const { trials, verified } = report;
  const input = { strategies, job, matrix, trials, verified, startCosts: costs };
  const summaries = judgedStrategies(job, report);
  const listing = { job, matrix, trials, taken: select(input).chosen, startCosts: costs, problems };
  return {
    schema: strategyListSchema,
    report: report.id,
    strategies: preferenceOrder(input).flatMap(({ id }) =>
      summaries.filter((summary) => summary.id === id).map((summary) => listStrategy(summary, listing)),
    ),
  };
}

/** Runs it; gives the exit code. @throws CupelError `usage`. */
export async function listStrategies({ flags }: CommandLine): Promise<number> {
  const host = createRealHost();
  const directories = stateDirectories(host);
  const job = await prepareJob(defaultRequest, host, directories);
  // So that nothing that some strategy needs is left unprobed for its slowness.
  const thorough = { ...job, demands: { ...job.demands, prefer: "strongest" } } as const;
  const found = await obtainReport({ job: thorough, host, directories }, flags.has("fresh"));
  const report = found.report ?? found.saved;
  const inquiry = { job, host, directories };
  const starts = flags.has("measure")
    ? await measureAvailable(inquiry, report)
    : { costs: found.startCosts, problems: new Map<string, string>() };
  const list = listAll(inquiry, report, starts);
  writeOutput(flags.has("json") ? renderJson(list) : renderStrategies(list, styleOf(1)));
  return 0;
}
