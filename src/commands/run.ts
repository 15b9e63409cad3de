/** `cupel run`: from the command line to the job's end. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { Host } from "../host/host.ts";
import type { TracerWords } from "../launch/tracer.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { ArtifactStore } from "../run/artifact-store.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { exitCodeOf } from "../run/exit-code-of.ts";
import type { ResultFile } from "../run/write-result.ts";
import type { JobSecrets } from "./job-secrets.ts";
import type { RunOutput } from "./kept-output.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { obtainKnowledge, prepareJob, type Inquiry } from "./prepare-job.ts";
import { recordOutcome } from "./record-outcome.ts";
import { requestJob } from "./request-job.ts";
import { tellEnding } from "./tell-ending.ts";
import { say } from "./terminal.ts";
import { attempt, type Attempt, type Ended } from "./attempt-run.ts";

/** What the job's own terminal would be relayed to. @throws CupelError `usage` where there is none. */
async function checkTerminal(job: Job, request: JobRequest): Promise<void> {
  if (job.terminal === "none") return;
  const { isatty } = await import("node:tty");
  if (isatty(0)) return;
  throw new CupelError(
    "usage",
    `${statedAs(request, "tty")} relays your terminal to the job, and standard input is not one; call cupel from a terminal, or leave it out`,
  );
}

/** @throws CupelError `usage` where there is nobody to ask, or nothing to ask about. */
async function checkApply({ workspace }: Job, request: JobRequest): Promise<void> {
  if (request.apply === "never" && request.ignore.length === 0) return;
  const { refuseUselessApply } = await import("./layer-of-run.ts");
  await refuseUselessApply(workspace, request);
}

function announceWorkspace({ workspace }: Job): void {
  const why = workspace.mode === "empty" || workspace.mode === "ro" ? workspace.why : undefined;
  if (why !== undefined && why !== "") say(why);
}

async function openStore({ artifacts }: Job): Promise<ArtifactStore | undefined> {
  return artifacts === undefined ? undefined : (await import("./artifacts-of-run.ts")).openStore(artifacts);
}

/** Opens the place for the outcome before anything runs. @throws CupelError `usage` where it cannot be written. */
async function openResult(path: string | undefined): Promise<ResultFile | undefined> {
  if (path === undefined) return undefined;
  const { openResultFile } = await import("../run/write-result.ts");
  return openResultFile(path);
}

/** The outcome goes where somebody can read it. */
async function keepOutcome(ended: Ended, input: Attempt, startedAt: Date, result?: ResultFile): Promise<void> {
  if (!input.isJudged) return;
  const { job, plan } = ended;
  const whole = { job, plan, outcome: ended.judgeWhole() };
  const shown = input.secrets?.redact(whole) ?? whole;
  const record = { ...shown, startedAt, kept: input.output?.finish() };
  const told = input.isRecorded ? await recordOutcome(record, input) : shown.outcome;
  result?.write(told);
  result?.close();
}

/** Flags that mean something to a batch only. */
const batchFlags = ["parallel", "capture"];

function refuseBatchFlags({ flags }: CommandLine): void {
  const stray = batchFlags.find((name) => flags.has(name));
  if (stray !== undefined)
    throw new CupelError("usage", `--${stray} is about a batch; give --batch FILE too, or leave it out`);
}

/** What is said for this run counts more than what a file says for many. */
async function outputOf(
  { flags }: CommandLine,
  request: JobRequest,
  places: Pick<Inquiry, "host" | "directories">,
  secrets: JobSecrets | undefined,
): Promise<RunOutput | undefined> {
  if (request.keptOutputBytes === undefined || (flags.has("no-record") && !flags.has("keep-output"))) return undefined;
  const { RunOutput } = await import("./kept-output.ts");
  return new RunOutput(request, places, secrets?.forms ?? []);
}

async function findTracer({ flags }: CommandLine, job: Job, host: Host): Promise<TracerWords | undefined> {
  return flags.has("explain-denials") ? (await import("./watch-job.ts")).findJobTracer(job, host) : undefined;
}

/**
 * Runs it, or them; gives the exit code. `adapt`: what is asked for, as another command of cupel's means it.
 * @throws CupelError `usage`.
 */
export async function run(line: CommandLine, adapt = (asked: JobRequest): JobRequest => asked): Promise<number> {
  if (line.flags.has("batch")) return (await import("./run-batch.ts")).runMany(line);
  refuseBatchFlags(line);
  const startedAt = new Date();
  const host = createRealHost();
  const directories = stateDirectories(host);
  const request = adapt(await requestJob(line, host));
  const job = await prepareJob(request, host, directories);
  await checkTerminal(job, request);
  await checkApply(job, request);
  const secrets =
    job.secrets === undefined ? undefined : await (await import("./job-secrets.ts")).takeSecrets(request, host);
  const output = await outputOf(line, request, { host, directories }, secrets);
  const tracer = await findTracer(line, job, host);
  const result = await openResult(line.flags.get("result")?.at(-1));
  const knowledge = await obtainKnowledge({ job, host, directories }, line.flags.has("fresh"));
  announceWorkspace(job);
  const isRecorded = request.isUnrecorded !== true;
  const input = {
    job,
    host,
    directories,
    knowledge,
    secrets,
    output,
    isQuiet: line.flags.has("quiet"),
    isJudged: result !== undefined || isRecorded,
    isRecorded,
    store: await openStore(job),
    tracer,
  };
  try {
    const ended = await attempt(input);
    await tellEnding(ended.ending, input);
    await keepOutcome(ended, input, startedAt, result);
    return exitCodeOf(ended.ending);
  } finally {
    input.output?.abandon();
  }
}
