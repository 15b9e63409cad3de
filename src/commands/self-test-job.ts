/** One real job in one strategy, the way that `run` goes, for the self-test. */
import { randomUUID } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, chmodSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import type { Report, Selection } from "../model/report.ts";
import type { SelfTestStep } from "../model/self-test.ts";
import { describeRejection } from "../report/rejection-words.ts";
import { carryOut } from "../run/carry-out.ts";
import { defaultRequest } from "../run/job-request.ts";
import { judgeOutcome } from "../run/outcome.ts";
import { select } from "../select/select.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { judgeSelfTestJob, selfTestCommand, type SelfTestSeen, type SelfTestWords } from "../verify/judge-self-test.ts";
import { matrixOf, planFor, prepareJob, type Inquiry } from "./prepare-job.ts";

type Tried = Pick<SelfTestStep, "result" | "summary">;
type Surroundings = Omit<Inquiry, "job">;

const timeoutMs = 30_000;

/** The files of one job, gone when it is over. */
interface Files {
  readonly granted: string;
  readonly secret: string;
  readonly at: (name: string) => string;
  remove(): void;
}

/** Readable by everyone, so that it is the sandbox alone that keeps the secret. */
function makeFiles(words: SelfTestWords): Files {
  const directory = mkdtempSync(`${tmpdir()}/cupel-self-test-`);
  const at = (name: string): string => `${directory}/${name}`;
  const write = (name: string, text: string): string => {
    writeFileSync(at(name), `${text}\n`, { mode: 0o644, flag: "wx" });
    chmodSync(at(name), 0o644);
    return at(name);
  };
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    chmodSync(directory, 0o755);
    write("input", words.input);
    return { granted: write("granted", words.granted), secret: write("secret", words.secret), at, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function unavailable({ rejected }: Selection, strategy: Strategy, report: Report): Tried {
  const rejection = rejected.find((candidate) => candidate.strategy === strategy.id);
  if (rejection === undefined) return { result: "unknown", summary: "it was not judged" };
  const summary = describeRejection(rejection, matrixOf(report.capabilities));
  if (rejection.reason.kind !== "trial") return { result: "unavailable", summary: `it ${summary}` };
  const trial = report.trials.find((candidate) => candidate.strategy === strategy.id);
  return { result: trial?.result === "failed" ? "failed" : "unknown", summary: `it ${summary}` };
}

async function runJob(
  plan: Plan,
  { job, host, directories }: Inquiry,
  { report, selection, files }: { report: Report; selection: Selection; files: Files },
): Promise<SelfTestSeen> {
  const input = openSync(files.at("input"), "r");
  const output = openSync(files.at("output"), "wx", 0o600);
  const errors = openSync(files.at("errors"), "wx", 0o600);
  try {
    const carried = await carryOut(plan, {
      host,
      matrix: matrixOf(report.capabilities),
      stateDirectories: directories,
      streams: [input, output, errors],
      forwardSignals: false,
    });
    const matrix = matrixOf(report.capabilities);
    const outcome = judgeOutcome({ job, plan, selection, matrix, reportId: report.id, ...carried });
    const read = (name: string): string => readFileSync(files.at(name), "utf8");
    return { ending: outcome, stdout: read("output"), stderr: read("errors") };
  } finally {
    for (const descriptor of [input, output, errors]) closeSync(descriptor);
  }
}

function prepare(strategy: Strategy, { granted, secret }: Files, { host, directories }: Surroundings): Promise<Job> {
  const request = {
    ...defaultRequest,
    command: selfTestCommand(granted, secret),
    workspace: "none",
    read: [granted],
    timeoutMs,
    strategy: strategy.id,
    accept: "all",
  } as const;
  return prepareJob(request, host, directories);
}

async function tryJob(strategy: Strategy, report: Report, surroundings: Surroundings): Promise<Tried> {
  const words = { input: randomUUID(), granted: randomUUID(), secret: randomUUID() };
  const files = makeFiles(words);
  try {
    const job = await prepare(strategy, files, surroundings);
    const matrix = matrixOf(report.capabilities);
    const selection = select({ strategies, job, matrix, trials: report.trials });
    const plan = planFor(job, selection, matrix);
    if (plan === undefined) return unavailable(selection, strategy, report);
    const seen = await runJob(plan, { job, ...surroundings }, { report, selection, files });
    const keepsFiles = plan.guarantees.some(({ id, kept }) => id === "fs.read" && kept);
    return judgeSelfTestJob(seen, words, keepsFiles);
  } finally {
    files.remove();
  }
}

/** Tries one strategy on a host of which `report` is known. Never throws for what the host is like. */
export async function testStrategy(
  strategy: Strategy,
  report: Report,
  surroundings: Surroundings,
): Promise<SelfTestStep> {
  const started = performance.now();
  const end = (tried: Tried): SelfTestStep => ({
    name: strategy.id,
    ...tried,
    durationMs: tried.result === "unavailable" ? undefined : performance.now() - started,
  });
  try {
    return end(await tryJob(strategy, report, surroundings));
  } catch (error) {
    if (error instanceof CupelError)
      return end({ result: error.code === "set-up" ? "failed" : "unknown", summary: error.message });
    return end({ result: "unknown", summary: `the job's files could not be made in ${tmpdir()} (${errnoOf(error)})` });
  }
}
