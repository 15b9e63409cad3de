/** `cupel run`: from the command line to the job's end. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { Host } from "../host/host.ts";
import type { TracerWords } from "../launch/tracer.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { Ending, Outcome, WorkspaceOutcome } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import type { Report, Selection } from "../model/report.ts";
import { dropReport } from "../report/saved-report.ts";
import type { ArtifactStore } from "../run/artifact-store.ts";
import { carryOut, type CarriedOut, type CarryOutContext } from "../run/carry-out.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { judgeEnding } from "../run/ending.ts";
import { exitCodeOf } from "../run/exit-code-of.ts";
import { judgeOutcome, outcomeWithoutJob } from "../run/outcome.ts";
import { cutOutput, lostInput, lostOutput } from "../run/stream-notices.ts";
import type { ResultFile } from "../run/write-result.ts";
import type { Collected } from "./artifacts-of-run.ts";
import { callerStreams } from "./caller-streams.ts";
import type { JobSecrets } from "./job-secrets.ts";
import type { RunOutput } from "./kept-output.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { choose, measureAnew, obtainKnowledge, prepareJob, type Inquiry, type Knowledge } from "./prepare-job.ts";
import { recordOutcome } from "./record-outcome.ts";
import { requestJob } from "./request-job.ts";
import { tellEnding, tellNetwork } from "./tell-ending.ts";
import { say, writeErrors } from "./terminal.ts";
import type { Watch } from "./watch-job.ts";

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
  refuseUselessApply(workspace, request);
}

/** Said before the job: what was given up. Never silent. */
function announce(selection: Selection, { workspace }: Job, { launch }: Plan): void {
  const hasLayer = launch.root.some(({ step }) => step === "overlay" || step === "copy");
  if (workspace.mode === "cow" && launch.root.length > 0 && !hasLayer) {
    const why = launch.maker === undefined ? "overlays do not work here" : `${launch.maker.program} lays none over it`;
    say(`${workspace.path} is read-only for this job, since ${why}; --workspace cow copies it`);
  }
  if (selection.accepted.length > 0) {
    say(`running in ${selection.chosen ?? "nothing"} without ${selection.accepted.join(", ")}, given up by name`);
  }
}

function announceWorkspace({ workspace }: Job): void {
  const why = workspace.mode === "empty" || workspace.mode === "ro" ? workspace.why : undefined;
  if (why !== undefined && why !== "") say(why);
}

interface Attempt extends Inquiry {
  readonly knowledge: Knowledge;
  readonly isQuiet: boolean;
  /** Somebody will read the outcome. */
  readonly isJudged: boolean;
  readonly isRecorded: boolean;
  /** Where artifacts go, if any are wanted. */
  readonly store: ArtifactStore | undefined;
  readonly secrets: JobSecrets | undefined;
  /** The copy of what it writes, if one is to be kept. */
  readonly output: RunOutput | undefined;
  /** What the job is watched with, where what it is denied is to be explained. */
  readonly tracer?: TracerWords | undefined;
}

/** How it ended, and all that is to be said of it, where anybody wants to read that. */
interface Ended {
  readonly ending: Ending;
  readonly job: Job;
  readonly plan?: Plan | undefined;
  readonly judgeWhole: () => Outcome;
}

function withoutJob(job: Job, ...told: Parameters<typeof outcomeWithoutJob>): Ended {
  const outcome = outcomeWithoutJob(...told);
  return { ending: outcome, job, judgeWhole: () => outcome };
}

async function refuse(job: Job, selection: Selection, report: Report): Promise<Ended> {
  const [{ describeRefused }, { styleOf }] = await Promise.all([import("./refuse.ts"), import("./style-of.ts")]);
  const { text, message } = describeRefused(job, selection, report, styleOf(2));
  writeErrors(text);
  return withoutJob(job, "refused", message, report.id);
}

interface Publishing {
  readonly onEvent?: ReturnType<typeof import("./published-of-run.ts").tellsPublished>;
  /** Why a port could not be, where that is why no job was started. */
  unpublished(events: CarriedOut["events"]): string | undefined;
}

async function publishing({ launch: { publish } }: Plan): Promise<Publishing> {
  if (publish === undefined) return { unpublished: () => undefined };
  const { tellsPublished, unpublishedAmong } = await import("./published-of-run.ts");
  return { onEvent: tellsPublished(publish), unpublished: (events) => unpublishedAmong(publish, events) };
}

async function watching({ tracer }: Attempt, { launch }: Plan): Promise<Partial<Watch>> {
  return tracer === undefined ? {} : (await import("./watch-job.ts")).watchJob(tracer, launch.directory);
}

/** One try. A set-up that fails shows what was saved wrong; what was measured just now has nothing newer to ask. */
async function attempt(request: Attempt): Promise<Ended> {
  const { host, directories, job } = request;
  const { knowledge, selection, plan } = await choose(request, request.knowledge);
  if (plan === undefined) return refuse(job, selection, knowledge.report);
  announce(selection, job, plan);
  const { standings, id: reportId } = knowledge.verdict;
  const isFresh = knowledge.report !== undefined;
  const ports = await publishing(plan);
  const watch = await watching(request, plan);
  const context = {
    host,
    matrix: standings,
    stateDirectories: directories,
    ...(await secretsAndStreams(request)),
    forwardSignals: true,
    measuresUsage: request.isJudged,
    onEvent: ports.onEvent,
    watching: watch.watching,
  };
  try {
    const carried = await carryOut(plan, context);
    tellStreams(carried, request);
    await tellNetwork(carried.network, request.isQuiet);
    const isSetUpFailure = carried.events.some(({ event }) => event === "failed");
    const collected = await collectArtifacts(carried, plan, request);
    const ending = judgeEnding({ ...carried, ...collected, launch: plan.launch });
    const { other, workspace } = await settleLayer(carried, ending, request);
    if (other !== undefined) return await attempt(other);
    const unpublished = ports.unpublished(carried.events);
    if (unpublished !== undefined) return withoutJob(job, "setup-failed", unpublished, reportId);
    if (isSetUpFailure && !isFresh) return await attemptAnew(request);
    const denials = watch.tellDenials?.(request, plan.launch);
    const judged = { job, plan, selection, matrix: standings, reportId, ...carried, ...collected, workspace, denials };
    return {
      ending,
      job,
      plan,
      judgeWhole: () => judgeOutcome(judged),
    };
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "set-up") throw error;
    if (!isFresh) return attemptAnew(request);
    return withoutJob(job, "setup-failed", error.message, reportId);
  }
}

/** Values of secrets, and where what the job writes goes: first to us, if it is to be masked or kept. */
async function secretsAndStreams({
  job,
  secrets,
  output,
}: Attempt): Promise<Pick<CarryOutContext, "passOn" | "secrets" | "streams">> {
  const values = secrets?.values;
  if (job.masksOutput !== true && output === undefined) return { secrets: values, streams: callerStreams() };
  const { relayOutput } = await import("./relay-output.ts");
  const forms = job.masksOutput === true ? (secrets?.forms ?? []) : [];
  const relay = { terminal: job.terminal, forms, keeper: output?.open() };
  return { secrets: values, ...relayOutput(callerStreams(), relay) };
}

async function openStore({ artifacts }: Job): Promise<ArtifactStore | undefined> {
  return artifacts === undefined ? undefined : (await import("./artifacts-of-run.ts")).openStore(artifacts);
}

async function collectArtifacts(carried: CarriedOut, plan: Plan, request: Attempt): Promise<Collected> {
  if (request.store === undefined) return {};
  return (await import("./artifacts-of-run.ts")).collectFrom(carried, plan, request.store, request);
}

function tellStreams({ events }: CarriedOut, { isQuiet }: Attempt): void {
  const cut = isQuiet ? undefined : cutOutput(events);
  for (const lack of [lostInput(events), lostOutput(events), cut]) if (lack !== undefined) say(lack);
}

/** What the job changed in its workspace; or what is to be tried instead, where that cannot be overlaid. */
async function settleLayer(
  carried: CarriedOut,
  ending: Ending,
  request: Attempt,
): Promise<{ readonly other?: Attempt; readonly workspace?: WorkspaceOutcome | undefined }> {
  if (carried.layer === undefined) return {};
  const { withoutOverlay, settle } = await import("./layer-of-run.ts");
  const job = withoutOverlay(request.job, carried);
  if (job === undefined) return { workspace: await settle(carried, ending, request) };
  // What was decided was so for another job.
  return { other: { ...request, job, knowledge: { ...request.knowledge, decided: undefined } } };
}

async function attemptAnew(input: Attempt): Promise<Ended> {
  say("the set-up failed under the saved report; probing again");
  dropReport(input.directories, input.host.identity.uid);
  return attempt({ ...input, knowledge: await measureAnew(input, true) });
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
