/** `cupel run --batch FILE`: many jobs of one policy, their outcomes as lines of JSON in the order in which they end. */
import { createReadStream, fstatSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { outsideIdentity, seccompArchitecture } from "../launch/launch-identity.ts";
import { sharesRoot } from "../launch/shares-root.ts";
import { CupelError } from "../model/error.ts";
import type { Standings } from "../model/capability.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { dropReport } from "../report/saved-report.ts";
import { readBatch, type BatchLine } from "../run/batch-line.ts";
import type { BatchOutcome } from "../run/batch-outcome.ts";
import { BatchSlot, type BatchShape } from "../run/batch-slot.ts";
import { controlGroupPlaces, reachControlGroups } from "../run/control-groups.ts";
import { statedAs, statesSecrets } from "../run/job-request.ts";
import { parseSizeBytes } from "../run/parse-quantity.ts";
import { runBatch } from "../run/run-batch.ts";
import { OutcomeWriter } from "./outcome-writer.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { choose, measureAnew, obtainKnowledge, prepareJob, type Inquiry, type Knowledge } from "./prepare-job.ts";
import { requestJob } from "./request-job.ts";
import { describeRefused } from "./refuse.ts";
import { styleOf } from "./style-of.ts";
import { say, writeErrors } from "./terminal.ts";

const parallelMax = 1024;

/** `--parallel`. @throws CupelError `usage`. */
function parseParallel(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= parallelMax) return count;
  throw new CupelError(
    "usage",
    `--parallel ${JSON.stringify(text)} is not a number of jobs; write a whole number from 1 to ${parallelMax}`,
  );
}

const captureBytesDefault = 65_536;
const captureBytesMax = 16 * 1024 * 1024;

/** `--capture`. @throws CupelError `usage`. */
function parseCapture(text: string | undefined): number {
  const bytes = text === undefined ? captureBytesDefault : parseSizeBytes(text, "--capture");
  if (bytes <= captureBytesMax) return bytes;
  throw new CupelError(
    "usage",
    `--capture ${JSON.stringify(text)} is more than 16M, the most that is kept of an output`,
  );
}

function unreadable(path: string, error: unknown): CupelError {
  return new CupelError("usage", `--batch ${path} cannot be read (${errnoOf(error)}); name a file of JSON lines, or -`);
}

function openFile(path: string): AsyncIterable<Uint8Array> {
  try {
    const descriptor = openSync(path, "r");
    if (!fstatSync(descriptor).isDirectory()) return createReadStream(path, { fd: descriptor });
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new CupelError("usage", `--batch ${path} is a directory; name a file`);
}

async function* readChunks(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The batch as a stream of bytes. @throws CupelError `usage` where it cannot be read, now or later. */
function openBatch(path: string): AsyncIterable<Uint8Array> {
  return readChunks(path === "-" ? process.stdin : openFile(path), path);
}

const jobsPerLauncher = 1000;

function shapeOf(inquiry: Inquiry, plan: LauncherPlan, matrix: Standings, captured: number): BatchShape {
  const { host, directories } = inquiry;
  return {
    plan,
    binding: {
      outside: outsideIdentity(plan, host),
      controlGroups: controlGroupPlaces(plan.controlGroup, matrix),
      rehearsal: false,
      architecture: seccompArchitecture(host.architecture),
      resident: { sharesRoot: sharesRoot(plan), captureBytesMax: captured },
    },
    places: { directories, uid: host.identity.uid },
    jobsPerLauncher,
  };
}

interface Request {
  readonly inquiry: Inquiry;
  readonly lines: AsyncIterator<BatchLine>;
  readonly parallel: number;
  readonly captured: number;
}

const refused = 125;
const someFailed = 1;

/** Signals that end a batch, and their numbers (signal(7)). */
const endingSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Ends the batch at a signal or when nobody reads its outcomes; gives the exit code that stands for the signal. */
class Ending {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;
  exitCode: number | undefined;

  listen(slots: readonly BatchSlot[]): void {
    this.signal.addEventListener("abort", () => slots.forEach((slot) => slot.kill()));
    for (const [name, number] of Object.entries(endingSignals)) {
      process.once(name, () => {
        this.exitCode = 128 + number;
        this.#controller.abort(`cupel was ended by ${name}`);
      });
    }
  }

  /** A reader that went away has what it wanted, but not every job has run; anything else is a failure to tell. */
  cannotWrite(errno: string): void {
    if (errno !== "EPIPE") say(`the outcomes cannot be written to standard output any more: ${errno}`);
    this.exitCode ??= errno === "EPIPE" ? someFailed : refused;
    this.#controller.abort("nobody reads the outcomes any more");
  }
}

/** One try; gives the exit code. @throws CupelError `set-up` where not even a first launcher starts. */
async function attempt(request: Request, knowledge: Knowledge): Promise<number> {
  const { inquiry, lines, parallel, captured } = request;
  const choice = await choose(inquiry, knowledge);
  const { selection, plan } = choice;
  if (plan === undefined) {
    writeErrors(describeRefused(inquiry.job, selection, choice.knowledge.report, styleOf(2)).text);
    return refused;
  }
  if (selection.accepted.length > 0)
    say(`running in ${plan.strategy} without ${selection.accepted.join(", ")}, given up by name`);
  const { standings: matrix, id: reportId } = choice.knowledge.verdict;
  if (plan.launch.maker !== undefined) {
    const { program } = plan.launch.maker;
    throw new CupelError(
      "refused",
      `${program} makes one sandbox at a time; run these jobs one by one, without --batch`,
    );
  }
  const shape = shapeOf(inquiry, plan.launch, matrix, captured);
  await reachControlGroups(plan.launch.controlGroup, matrix, inquiry.host);
  const slots = Array.from({ length: parallel }, () => new BatchSlot(shape));
  // A set-up that does not work at all is found out before the first line is read.
  await slots[0]?.start();
  const ending = new Ending();
  ending.listen(slots);
  let failures = 0;
  const writer = new OutcomeWriter(1, (errno) => ending.cannotWrite(errno));
  const onOutcome = (outcome: BatchOutcome): Promise<void> => {
    if (outcome.exitCode !== 0) failures += 1;
    return writer.write(JSON.stringify(outcome));
  };
  const { job } = inquiry;
  await runBatch({ job, plan, selection, matrix, reportId, slots, onOutcome, signal: ending.signal }, lines);
  await writer.finish();
  return ending.exitCode ?? (failures > 0 ? someFailed : 0);
}

async function attemptTwice(request: Request, knowledge: Knowledge): Promise<number> {
  try {
    return await attempt(request, knowledge);
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "set-up" || knowledge.report !== undefined) throw error;
    const { host, directories } = request.inquiry;
    say("the set-up failed under the saved report; probing again");
    dropReport(directories, host.identity.uid);
    return attempt(request, await measureAnew(request.inquiry, true));
  }
}

function refuseTogether({ flags, operands }: CommandLine): void {
  if (operands.length > 0)
    throw new CupelError("usage", `--batch takes its commands from a file; leave ${JSON.stringify(operands[0])} out`);
  for (const name of ["result", "tty", "job", "explain-denials", "keep-output"])
    if (flags.has(name)) throw new CupelError("usage", `--batch and --${name} do not go together; leave one out`);
}

/** Any command: each line brings its own. */
const placeholder = ["true"];

async function inquire(line: CommandLine, host: Host): Promise<Inquiry> {
  const directories = stateDirectories(host);
  const request = await requestJob({ ...line, operands: placeholder }, host);
  if (request.terminal !== "none") {
    throw new CupelError("usage", `${statedAs(request, "tty")} and --batch do not go together; leave one out`);
  }
  if (request.workspace === "cow") {
    throw new CupelError(
      "usage",
      `${statedAs(request, "workspace")} cow and --batch do not go together; take ro, rw or none`,
    );
  }
  if (request.artifacts.length > 0) {
    const place = statedAs(request, "artifact", request.artifacts[0]);
    throw new CupelError(
      "usage",
      `${place} and --batch do not go together: its jobs leave no artifacts; leave one out`,
    );
  }
  if (request.allowedHosts.length > 0) {
    const place = statedAs(request, "allow-host", request.allowedHosts[0]);
    throw new CupelError("usage", `${place} and --batch do not go together: a batch has no proxy; leave one out`);
  }
  if (request.setup !== undefined) {
    const place = statedAs(request, "setup");
    throw new CupelError(
      "usage",
      `${place} and --batch do not go together: jobs of a batch share nothing; leave one out`,
    );
  }
  if (request.publish.length > 0) {
    const place = statedAs(request, "publish", request.publish[0]);
    throw new CupelError("usage", `${place} and --batch do not go together: which job would it lead to? Leave one out`);
  }
  if (statesSecrets(request)) {
    throw new CupelError(
      "usage",
      "secrets and --batch do not go together: its jobs share what they are given; leave one out",
    );
  }
  const job = await prepareJob(request, host, directories, true);
  return { job, host, directories };
}

/** Runs it; gives the exit code: 0 where every job ended with 0, 1 where one did not. @throws CupelError. */
export async function runMany(line: CommandLine): Promise<number> {
  refuseTogether(line);
  const last = (name: string): string | undefined => line.flags.get(name)?.at(-1);
  const parallel = parseParallel(last("parallel"));
  const captured = parseCapture(last("capture"));
  const path = last("batch") ?? "-";
  const chunks = openBatch(path);
  const inquiry = await inquire(line, createRealHost());
  const knowledge = await obtainKnowledge(inquiry, line.flags.has("fresh"));
  if (inquiry.job.workspace.mode === "empty" && inquiry.job.workspace.why !== "") say(inquiry.job.workspace.why);
  const lines = readBatch(chunks, path === "-" ? "standard input" : path);
  return attemptTwice({ inquiry, lines, parallel, captured }, knowledge);
}
