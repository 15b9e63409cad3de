/** `cupel self-test`: whether this installation is sound on this machine. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { build } from "../model/build.gen.ts";
import type { Report } from "../model/report.ts";
import type { DefaultJobAnswer, SelfTestStep } from "../model/self-test.ts";
import { couldDoDefaultJob } from "../report/default-demands.ts";
import { renderSelfTest, renderSelfTestJson, selfTestExitCode } from "../report/render-self-test.ts";
import { defaultRequest } from "../run/job-request.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { checkHelpers } from "../verify/check-helpers.ts";
import { measureHost } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { prepareJob, type Inquiry } from "./prepare-job.ts";
import { testStrategy } from "./self-test-job.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

function answerFor(report: Report): DefaultJobAnswer {
  const { chosen } = report.selection;
  if (chosen !== undefined) return { runs: true, strategy: chosen };
  return { runs: false, couldNotBeTold: report.strategies.some((strategy) => couldDoDefaultJob(strategy, report)) };
}

/** One after the other, so that the time of each is its own. */
async function testStrategies(report: Report, surroundings: Omit<Inquiry, "job">): Promise<SelfTestStep[]> {
  const steps: SelfTestStep[] = [];
  for (const strategy of strategies) steps.push(await testStrategy(strategy, report, surroundings));
  return steps;
}

/** Runs it; gives the exit code. What was saved is not asked, and nothing is saved. */
export async function selfTest({ flags }: CommandLine): Promise<number> {
  const host = createRealHost();
  const directories = stateDirectories(host);
  const helpers = checkHelpers(directories, host.identity.uid);
  const job = await prepareJob(defaultRequest, host, directories);
  const report = await measureHost(host, directories, {
    kind: "asked",
    job: { ...job, demands: { ...job.demands, prefer: "strongest" } },
    capabilities: [],
    waits: true,
    deep: false,
  });
  const found = {
    helpers,
    strategies: await testStrategies(report, { host, directories }),
    defaultJob: answerFor(report),
  };
  const { version, id, commit, target, releaseKey } = build;
  const identity = { version, build: id, commit, target, releaseKey };
  const text = flags.has("json") ? renderSelfTestJson(identity, found) : renderSelfTest(identity, found, styleOf(1));
  writeOutput(text);
  return selfTestExitCode(found);
}
