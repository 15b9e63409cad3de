/** Trials: each strategy's real minimal plan, run once, with the prober as the job looking around inside. */
import { closeSync, lstatSync, openSync } from "node:fs";
import * as v from "valibot";
import { errnoName } from "../host/errno-name.ts";
import type { Host } from "../host/host.ts";
import { openHelperFiles } from "../launch/helper-file.ts";
import { isUsable, type Evidence, type Matrix } from "../model/capability.ts";
import { CupelError } from "../model/error.ts";
import type { GuaranteeDecision } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import { plainLayout } from "../model/layout.ts";
import type { ConfinementPlan, LauncherPlan } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";
import type { Trial } from "../model/trial.ts";
import { carryOut } from "../run/carry-out.ts";
import { describeMakerFailure } from "../run/sandbox-failure.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { openCapture, readFromStart } from "./capture-file.ts";
import { judgeInside, type InsideFacts } from "./judge-inside.ts";

const trialTimeoutMs = 5000;

/** Where trials run. */
export interface TrialContext {
  readonly host: Host;
  readonly matrix: Matrix;
  readonly stateDirectories: readonly string[];
}

const lineSchema = v.strictObject({
  step: v.string(),
  errno: v.number(),
  value: v.number(),
  text: v.optional(v.string(), ""),
});

/** The prober's lines as facts by name. @throws for a line that is none: the prober is ours, so a bug. */
export function parseInside(output: string): InsideFacts {
  const lines = output.split("\n").filter((line) => line !== "");
  const steps = lines.map((line) => v.parse(lineSchema, JSON.parse(line)));
  return new Map(steps.map(({ step, errno, value, text }) => [step, { errno: errnoName(errno), value, text }]));
}

/** The job of a trial: in an empty workspace, with nothing granted. */
export function trialJob(defaultJob: Job): Job {
  return {
    ...defaultJob,
    workspace: { mode: "empty", why: "" },
    directory: "/",
    grants: [],
    limits: { graceMs: 100, timeoutMs: trialTimeoutMs },
    hidden: [],
    layout: plainLayout,
  };
}

/** Where a root of its own shows the prober: nothing of the host's is ever mounted there. */
const proberInside = "/run/cupel-prober";

function confinedToProber(plan: LauncherPlan, confinement: ConfinementPlan, prober: string): LauncherPlan {
  const rules = [...confinement.rules, { path: prober, access: "read", optional: true } as const];
  return { ...plan, confinement: { ...confinement, rules }, command: [prober, "inside"] };
}

/** The plan with the prober as its program: under its own path, or bound into the root that the plan makes. Pure. */
export function withProber(plan: LauncherPlan, prober: string): LauncherPlan {
  if (plan.confinement !== undefined) return confinedToProber(plan, plan.confinement, prober);
  if (plan.root.length === 0) return { ...plan, command: [prober, "inside"] };
  const bind: RootStep = {
    step: "bind",
    source: prober,
    destination: proberInside,
    writable: false,
    mapOwner: "no",
    optional: false,
  };
  // Before the last step, which makes the root read-only.
  return {
    ...plan,
    root: [...plan.root.slice(0, -1), bind, ...plan.root.slice(-1)],
    command: [proberInside, "inside"],
  };
}

async function lookInside(
  strategy: Strategy,
  job: Job,
  prober: string,
  context: TrialContext,
): Promise<InsideFacts | string> {
  const capture = openCapture(strategy.id, context.stateDirectories, context.host.identity.uid);
  const nothing = openSync("/dev/null", "r+");
  try {
    const plan = {
      strategy: strategy.id,
      isolation: strategy.isolation,
      launch: withProber(strategy.plan(job, context.matrix), prober),
      guarantees: [],
    };
    const { events } = await carryOut(plan, {
      ...context,
      streams: [nothing, capture, nothing],
      forwardSignals: false,
    });
    const ended = events.find((event) => event.event === "ended");
    if (ended?.status === 0) return parseInside(readFromStart(capture));
    return describeEnd(events, "the prober", plan.launch);
  } finally {
    closeSync(nothing);
    closeSync(capture);
  }
}

/** How a job that did not end well ended, in one line; `program` is what it was to run. */
export function describeEnd(
  events: Awaited<ReturnType<typeof carryOut>>["events"],
  program: string,
  launch: LauncherPlan,
): string {
  for (const event of events) {
    if (event.event === "failed") return `set-up failed at ${event.step} (${event.subject}): ${errnoName(event.errno)}`;
    if (event.event === "exec-failed") return `${program} could not be executed: ${errnoName(event.errno)}`;
    if (event.event === "maker-failed") return describeMakerFailure(event, launch);
    if (event.event === "timeout") return "timeout";
    if (event.event === "lost" || event.event === "ended") return `it ended with wait status ${event.status}`;
  }
  return "the launcher ended without a word";
}

function judge(
  facts: InsideFacts,
  decisions: readonly GuaranteeDecision[],
): Pick<Trial, "result" | "summary" | "evidence"> {
  const checks = judgeInside(facts, decisions);
  const evidence: Evidence[] = checks.map(({ action, result }) => ({ action, result }));
  const broken = checks.find((check) => !check.held);
  if (broken === undefined)
    return { result: "passed", summary: `${checks.length} facts seen inside, all as declared`, evidence };
  return {
    result: "failed",
    summary: `${broken.guarantee} is declared, but ${broken.action} gave ${broken.result}`,
    evidence,
  };
}

async function tryStrategy(strategy: Strategy, prober: string, defaultJob: Job, context: TrialContext): Promise<Trial> {
  const started = performance.now();
  const job = trialJob(defaultJob);
  const finish = (rest: Omit<Trial, "strategy" | "durationMs">): Trial => ({
    strategy: strategy.id,
    ...rest,
    durationMs: performance.now() - started,
  });
  try {
    const seen = await lookInside(strategy, job, prober, context);
    if (typeof seen !== "string") return finish(judge(seen, strategy.guarantees(job, context.matrix)));
    return finish({ result: seen === "timeout" ? "unknown" : "failed", summary: seen, evidence: [] });
  } catch (error) {
    if (error instanceof CupelError) return finish({ result: "failed", summary: error.message, evidence: [] });
    // Like a probe that crashes: one trial less is known, and the report says so.
    return finish({ result: "unknown", summary: `the trial crashed: ${String(error)}`, evidence: [] });
  }
}

/** A machine with other work to do may take seconds; a trial that was not tried refuses jobs. */
const startDeadlineMs = 5000;

/** A copy of the prober that can be executed where it lies: a bound copy keeps its mount's noexec. */
async function storedProber({ host, stateDirectories }: TrialContext): Promise<string | undefined> {
  for (const file of openHelperFiles("prober", stateDirectories, host.identity.uid)) {
    const started = await host.run(file.path, [], { deadlineMs: startDeadlineMs, environment: {} });
    file.close();
    if (started.status === "exited") return file.storedAt;
  }
  return undefined;
}

/** Which file it is: a copy that was made again is another one. */
function identityOf(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}:${stats.ctimeNs}`;
}

/** `cupel clean` may take the prober away under a trial, which shows nothing of the strategy: then it is tried again. */
const trialTries = 10;

async function tryWithProber(
  strategy: Strategy,
  stored: string,
  defaultJob: Job,
  context: TrialContext,
): Promise<Trial> {
  let prober = stored;
  for (let tries = 1; ; tries++) {
    const before = identityOf(prober);
    const trial = await tryStrategy(strategy, prober, defaultJob, context);
    const wasThere = before !== undefined && identityOf(prober) === before;
    if (trial.result === "passed" || wasThere || tries === trialTries) return trial;
    prober = (await storedProber(context)) ?? prober;
  }
}

/** Runs the trial of every strategy whose required capabilities are there, all at once. */
export async function runTrials(
  strategies: readonly Strategy[],
  defaultJob: Job,
  context: TrialContext,
): Promise<Trial[]> {
  // The helpers are programs for Linux: a build for another platform holds none.
  if (context.host.platform !== "linux") return [];
  const prober = await storedProber(context);
  if (prober === undefined) return [];
  const present = strategies.filter((strategy) =>
    strategy.requires(context.matrix).every((id) => isUsable(context.matrix[id])),
  );
  return Promise.all(present.map((strategy) => tryWithProber(strategy, prober, defaultJob, context)));
}
