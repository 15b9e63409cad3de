/** One run: the choice, the launch, and what came of it; once more where what was saved was wrong. */
import type { TracerWords } from "../launch/tracer.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { Ending } from "../model/ending.ts";
import type { Outcome, WorkspaceOutcome } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import type { Report, Selection } from "../model/report.ts";
import { dropReport } from "../report/saved-report.ts";
import type { ArtifactStore } from "../run/artifact-store.ts";
import { carryOut, type CarriedOut, type CarryOutContext } from "../run/carry-out.ts";
import { judgeEnding } from "../run/ending.ts";
import { judgeOutcome, outcomeWithoutJob } from "../run/outcome.ts";
import { refuseReplaced } from "../run/replaced-workspace.ts";
import { cutOutput, lostInput, lostOutput } from "../run/stream-notices.ts";
import type { Collected } from "./artifacts-of-run.ts";
import { callerStreams } from "./caller-streams.ts";
import type { JobSecrets } from "./job-secrets.ts";
import type { RunOutput } from "./kept-output.ts";
import { choose, measureAnew, type Inquiry, type Knowledge } from "./prepare-job.ts";
import { tellNetwork } from "./tell-ending.ts";
import { say, writeErrors } from "./terminal.ts";
import type { Watch } from "./watch-job.ts";

/** What a network of the job's own would have given it, where the guarantees of that were given up by name. */
function leftOut({ published = [], injections = [] }: Job, launch: Plan["launch"]): string[] {
  return [
    ...(published.length > 0 && launch.publish === undefined ? ["no port is published"] : []),
    ...(injections.length > 0 && launch.proxy === undefined ? ["no header is injected"] : []),
  ];
}

function whyNoLayer({ maker, confinement }: Plan["launch"]): string {
  if (confinement !== undefined) return "without mounts no layer is laid over it";
  const why = maker === undefined ? "overlays do not work here" : `${maker.program} lays none over it`;
  return `${why}; --workspace cow copies it`;
}

/** Said before the job: what was given up. Never silent. */
function announce(selection: Selection, job: Job, { launch }: Plan): void {
  const { workspace } = job;
  const hasLayer = launch.root.some(({ step }) => step === "overlay" || step === "copy");
  const isShown = launch.root.length > 0 || launch.confinement !== undefined;
  if (workspace.mode === "cow" && isShown && !hasLayer)
    say(`${workspace.path} is read-only for this job, since ${whyNoLayer(launch)}`);
  for (const lack of leftOut(job, launch))
    say(`${lack}: ${selection.chosen ?? "nothing"} gives the job no network of its own`);
  if (selection.accepted.length > 0) {
    say(`running in ${selection.chosen ?? "nothing"} without ${selection.accepted.join(", ")}, given up by name`);
  }
}

/** What is to be run, and what is known and open for it. */
export interface Attempt extends Inquiry {
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
export interface Ended {
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
  /** Those that could be; undefined where none were to be. */
  published(events: CarriedOut["events"]): Outcome["published"];
}

async function publishing({ launch: { publish } }: Plan): Promise<Publishing> {
  if (publish === undefined) return { unpublished: () => undefined, published: () => undefined };
  const { tellsPublished, unpublishedAmong, publishedAmong } = await import("./published-of-run.ts");
  return {
    onEvent: tellsPublished(publish),
    unpublished: (events) => unpublishedAmong(publish, events),
    published: (events) => publishedAmong(publish, events),
  };
}

async function watching({ tracer }: Attempt, { launch, strategy }: Plan): Promise<Partial<Watch>> {
  return tracer === undefined ? {} : (await import("./watch-job.ts")).watchJob(tracer, launch, strategy);
}

/** Nobody is to go on without changes that were lost. */
function withWorkspace(ending: Ending, seen: Parameters<typeof judgeEnding>[0]): Ending {
  return seen.workspace?.lost === undefined ? ending : judgeEnding(seen);
}

/** One try. A set-up that fails shows what was saved wrong; what was measured just now has nothing newer to ask. */
export async function attempt(request: Attempt): Promise<Ended> {
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
    refuseReplaced(job.workspace, carried.events);
    const unpublished = ports.unpublished(carried.events);
    if (unpublished !== undefined) return withoutJob(job, "setup-failed", unpublished, reportId);
    if (isSetUpFailure && !isFresh) return await attemptAnew(request, ending.cause.summary);
    const denials = watch.tellDenials?.(request, plan.launch);
    const judged = {
      job,
      plan,
      selection,
      matrix: standings,
      reportId,
      ...carried,
      ...collected,
      workspace,
      denials,
      published: ports.published(carried.events),
    };
    return {
      ending: withWorkspace(ending, { ...carried, ...collected, launch: plan.launch, workspace }),
      job,
      plan,
      judgeWhole: () => judgeOutcome(judged),
    };
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "set-up") throw error;
    if (!isFresh) return attemptAnew(request, error.message);
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
  const hasFailed = carried.events.some(({ event }) => event === "failed");
  const job = hasFailed ? (await import("./without-overlay.ts")).withoutOverlay(request.job, carried) : undefined;
  if (job === undefined)
    return { workspace: await (await import("./layer-of-run.ts")).settle(carried, ending, request) };
  // What was decided was so for another job.
  return { other: { ...request, job, knowledge: { ...request.knowledge, decided: undefined } } };
}

async function attemptAnew(input: Attempt, why: string): Promise<Ended> {
  say(`${why}; probing again, as the report was a saved one`);
  dropReport(input.directories, input.host.identity.uid);
  return attempt({ ...input, knowledge: await measureAnew(input, true) });
}
