/** `cupel run`: from the command line to the job's end. */
import { fstatSync } from "node:fs";
import { stateDirectories } from "../host/private-directory.ts";
import { errnoOf } from "../host/errno-of.ts";
import { createRealHost } from "../host/real-host.ts";
import type { CallerStreams } from "../host/spawn-child.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { Ending, Outcome, WorkspaceOutcome } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import type { Report, Selection } from "../model/report.ts";
import { dropReport } from "../report/saved-report.ts";
import { carryOut, type CarriedOut } from "../run/carry-out.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { judgeEnding } from "../run/ending.ts";
import { exitCodeOf } from "../run/exit-code-of.ts";
import type { outcomeWithoutJob } from "../run/outcome.ts";
import { cutOutput, lostInput, lostOutput } from "../run/stream-notices.ts";
import type { ResultFile } from "../run/write-result.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { choose, measureAnew, obtainKnowledge, prepareJob, type Inquiry, type Knowledge } from "./prepare-job.ts";
import { requestJob } from "./request-job.ts";
import { tellEnding, tellNetwork } from "./tell-ending.ts";
import { say, writeErrors } from "./terminal.ts";

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

function callerStreams(): CallerStreams {
  const [input, output, errors] = [0, 1, 2].map((descriptor) => (isOpen(descriptor) ? descriptor : -1));
  return [input ?? -1, output ?? -1, errors ?? -1];
}

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
  if (workspace.mode === "cow" && launch.root.length > 0 && !hasLayer)
    say(`${workspace.path} is read-only for this job, since overlays do not work here; --workspace cow copies it`);
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
  /** The outcome goes to a file. */
  readonly isWritten: boolean;
}

/** How it ended, and all that is to be said of it, where anybody wants to read that. */
interface Ended {
  readonly ending: Ending;
  readonly judgeWhole: () => Promise<Outcome>;
}

async function withoutJob(...[status, message, reportId]: Parameters<typeof outcomeWithoutJob>): Promise<Ended> {
  const outcome = (await import("../run/outcome.ts")).outcomeWithoutJob(status, message, reportId);
  return { ending: outcome, judgeWhole: async () => outcome };
}

async function refuse(job: Job, selection: Selection, report: Report): Promise<Ended> {
  const [{ describeRefused }, { styleOf }] = await Promise.all([import("./refuse.ts"), import("./style-of.ts")]);
  const { text, message } = describeRefused(job, selection, report, styleOf(2));
  writeErrors(text);
  return withoutJob("refused", message, report.id);
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

/** One try. A set-up that fails shows what was saved wrong; what was measured just now has nothing newer to ask. */
async function attempt(request: Attempt): Promise<Ended> {
  const { host, directories, job } = request;
  const { knowledge, selection, plan } = await choose(request, request.knowledge);
  if (plan === undefined) return refuse(job, selection, knowledge.report);
  announce(selection, job, plan);
  const { standings, id: reportId } = knowledge.verdict;
  const isFresh = knowledge.report !== undefined;
  const ports = await publishing(plan);
  const context = {
    host,
    matrix: standings,
    stateDirectories: directories,
    streams: callerStreams(),
    forwardSignals: true,
    measuresUsage: request.isWritten,
    onEvent: ports.onEvent,
  };
  try {
    const carried = await carryOut(plan, context);
    tellStreams(carried, request);
    await tellNetwork(carried.network, request.isQuiet);
    const isSetUpFailure = carried.events.some(({ event }) => event === "failed");
    const ending = judgeEnding({ ...carried, launch: plan.launch });
    const { other, workspace } = await settleLayer(carried, ending, request);
    if (other !== undefined) return await attempt(other);
    const unpublished = ports.unpublished(carried.events);
    if (unpublished !== undefined) return await withoutJob("setup-failed", unpublished, reportId);
    if (isSetUpFailure && !isFresh) return await attemptAnew(request);
    const judged = { job, plan, selection, matrix: standings, reportId, ...carried, workspace };
    return {
      ending,
      judgeWhole: async () => (await import("../run/outcome.ts")).judgeOutcome(judged),
    };
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "set-up") throw error;
    if (!isFresh) return attemptAnew(request);
    return withoutJob("setup-failed", error.message, reportId);
  }
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

/** Flags that mean something to a batch only. */
const batchFlags = ["parallel", "capture"];

function refuseBatchFlags({ flags }: CommandLine): void {
  const stray = batchFlags.find((name) => flags.has(name));
  if (stray !== undefined)
    throw new CupelError("usage", `--${stray} is about a batch; give --batch FILE too, or leave it out`);
}

/** Runs it, or them; gives the exit code. @throws CupelError `usage`. */
export async function run(line: CommandLine): Promise<number> {
  if (line.flags.has("batch")) return (await import("./run-batch.ts")).runMany(line);
  refuseBatchFlags(line);
  const host = createRealHost();
  const directories = stateDirectories(host);
  const request = await requestJob(line, host);
  const job = await prepareJob(request, host, directories);
  await checkTerminal(job, request);
  await checkApply(job, request);
  const result = await openResult(line.flags.get("result")?.at(-1));
  const knowledge = await obtainKnowledge({ job, host, directories }, line.flags.has("fresh"));
  announceWorkspace(job);
  const input = {
    job,
    host,
    directories,
    knowledge,
    isQuiet: line.flags.has("quiet"),
    isWritten: result !== undefined,
  };
  const { ending, judgeWhole } = await attempt(input);
  await tellEnding(ending, input);
  result?.write(await judgeWhole());
  result?.close();
  return exitCodeOf(ending);
}
