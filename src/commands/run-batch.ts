/** `cupel run --batch FILE`: many jobs of one policy, their outcomes as lines of JSON in the order in which they end. */
import { availableParallelism } from "node:os";
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
import { parseSizeBytes } from "../run/parse-quantity.ts";
import { runBatch, type Batch } from "../run/run-batch.ts";
import { batchExitCodes, BatchEnding } from "./batch-ending.ts";
import { inquireBatch, refuseTogether } from "./inquire-batch.ts";
import { openBatch } from "./open-batch.ts";
import { OutcomeWriter } from "./outcome-writer.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { choose, measureAnew, obtainKnowledge, type Inquiry, type Knowledge } from "./prepare-job.ts";
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

const jobsPerLauncher = 1000;

function shapeOf(inquiry: Inquiry, plan: LauncherPlan, matrix: Standings, captured: number): BatchShape {
  const { host, directories } = inquiry;
  return {
    plan,
    binding: {
      outside: outsideIdentity(plan, host),
      controlGroups: controlGroupPlaces(plan.controlGroup, matrix),
      rehearsal: false,
      pinned: host.standing,
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

/** Gives the exit code: 0 where every job ended with 0. */
async function runOn(batch: Omit<Batch, "onOutcome" | "signal">, lines: Request["lines"]): Promise<number> {
  const ending = new BatchEnding();
  ending.listen(batch.slots);
  let failures = 0;
  const writer = new OutcomeWriter(1, (errno) => ending.cannotWrite(errno));
  const onOutcome = (outcome: BatchOutcome): Promise<void> => {
    if (outcome.exitCode !== 0) failures += 1;
    return writer.write(JSON.stringify(outcome));
  };
  await runBatch({ ...batch, onOutcome, signal: ending.signal }, lines);
  await writer.finish();
  return ending.exitCode ?? (failures > 0 ? batchExitCodes.someFailed : 0);
}

/** One try; gives the exit code. @throws CupelError `set-up` where not even a first launcher starts. */
async function attempt(request: Request, knowledge: Knowledge): Promise<number> {
  const { inquiry, lines, parallel, captured } = request;
  const choice = await choose(inquiry, knowledge);
  const { selection, plan } = choice;
  if (plan === undefined) {
    writeErrors(describeRefused(inquiry.job, selection, choice.knowledge.report, styleOf(2)).text);
    return batchExitCodes.refused;
  }
  if (selection.accepted.length > 0)
    say(`running in ${plan.strategy} without ${selection.accepted.join(", ")}, given up by name`);
  const { standings: matrix, id: reportId } = choice.knowledge.verdict;
  const { maker, guest } = plan.launch;
  const program = maker?.program ?? guest?.program;
  if (program !== undefined) {
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
  const { job } = inquiry;
  return runOn({ job, plan, selection, matrix, reportId, slots }, lines);
}

async function attemptTwice(request: Request, knowledge: Knowledge): Promise<number> {
  try {
    return await attempt(request, knowledge);
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "set-up" || knowledge.report !== undefined) throw error;
    const { host, directories } = request.inquiry;
    say(`${error.message}; probing again, as the report was a saved one`);
    dropReport(directories, host.identity.uid);
    return attempt(request, await measureAnew(request.inquiry, true));
  }
}

/** Runs it; gives the exit code: 0 where every job ended with 0, 1 where one did not. @throws CupelError. */
export async function runMany(line: CommandLine): Promise<number> {
  refuseTogether(line);
  const last = (name: string): string | undefined => line.flags.get(name)?.at(-1);
  const parallel = parseParallel(last("parallel"));
  const captured = parseCapture(last("capture"));
  const path = last("batch") ?? "-";
  const chunks = openBatch(path);
  const inquiry = await inquireBatch(line, createRealHost());
  const knowledge = await obtainKnowledge(inquiry, line.flags.has("fresh"));
  if (inquiry.job.workspace.mode === "empty" && inquiry.job.workspace.why !== "") say(inquiry.job.workspace.why);
  const lines = readBatch(chunks, path === "-" ? "standard input" : path);
  return attemptTwice({ inquiry, lines, parallel, captured }, knowledge);
}
