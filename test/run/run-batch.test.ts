import { afterAll, describe, expect, test } from "bun:test";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import type { BatchJob, BatchLine } from "../../src/run/batch-line.ts";
import type { BatchOutcome } from "../../src/run/batch-outcome.ts";
import { BatchSlot } from "../../src/run/batch-slot.ts";
import { runBatch } from "../../src/run/run-batch.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { placesIn, plainBinding } from "../support/launch-program.ts";
import { endOf } from "../support/end-of.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const directory = makeTempDir();
afterAll(() => directory[Symbol.dispose]());
const places = placesIn(directory.folder("state", 0o700));

const kept: GuaranteeDecision = { id: "limit.time", kept: true, mechanism: "a deadline", capabilities: [] };
const plan = barePlan(["true"], { environment: { PATH: "/usr/bin:/bin", A: "plan" }, timeoutMs: 60_000 });

interface BatchParts {
  readonly job?: Job;
  readonly decision?: GuaranteeDecision;
  readonly signal?: AbortSignal;
  readonly slots?: number;
  readonly onOutcome?: (outcome: BatchOutcome) => void;
}

/** Runs the lines; gives the outcomes in the order in which they came. */
async function run(lines: AsyncIterator<BatchLine>, parts: BatchParts = {}): Promise<BatchOutcome[]> {
  const outcomes: BatchOutcome[] = [];
  const binding = plainBinding({ resident: { sharesRoot: false, captureBytesMax: 100 } });
  const shape = { plan, binding, places, jobsPerLauncher: 3 };
  const slots = Array.from({ length: parts.slots ?? 1 }, () => new BatchSlot(shape));
  const signal = parts.signal ?? new AbortController().signal;
  signal.addEventListener("abort", () => slots.forEach((slot) => slot.kill()));
  const running = runBatch(
    {
      job: parts.job ?? jobOf({ limits: { graceMs: 5, timeoutMs: 60_000 } }),
      plan: { strategy: "process", isolation: "process", launch: plan, guarantees: [parts.decision ?? kept] },
      selection: { chosen: "process", accepted: [], rejected: [] },
      matrix: {},
      reportId: "r",
      slots,
      signal,
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        parts.onOutcome?.(outcome);
        return Promise.resolve();
      },
    },
    lines,
  );
  await running;
  return outcomes;
}

async function* given(lines: readonly BatchLine[]): AsyncGenerator<BatchLine> {
  yield* lines;
}

function line(number: number, script: string, parts: Partial<BatchJob> = {}): BatchJob {
  return { line: number, command: ["/bin/sh", "-c", script], environment: {}, ...parts };
}

function summary(outcomes: readonly BatchOutcome[]): unknown[] {
  return outcomes.map((outcome) => [outcome.line, endOf(outcome)]);
}

const fine = "ok: 0";

describe("runBatch", () => {
  test("gives one outcome for each line, with what the line says over what all have in common", async () => {
    const lines = [
      line(1, 'echo "$A $B"', { id: "x", environment: { B: "line" } }),
      line(2, 'echo "$A"; exit 2', { environment: { A: "line" } }),
      { line: 4, problem: "what is wrong" },
      line(5, "sleep 60", { timeoutMs: 20, graceMs: 1 }),
    ];
    const outcomes = await run(given(lines));
    expect(outcomes.toSorted((one, other) => one.line - other.line)).toMatchObject([
      { schema: 2, line: 1, id: "x", status: "ok", report: "r", kept: ["limit.time"], stdout: { text: "plan line\n" } },
      { line: 2, status: "nonzero", code: 2, exitCode: 2, stdout: { text: "line\n" } },
      {
        line: 4,
        status: "setup-failed",
        cause: { code: "set-up", summary: "what is wrong" },
        exitCode: 125,
        report: "r",
      },
      { line: 5, status: "timeout-wall", limits: [{ name: "wall", requested: 20 }] },
    ]);
  });

  test("runs as many at once as there are slots", async () => {
    const marks = [freshMark(), freshMark(), freshMark()];
    const controller = new AbortController();
    const lines = marks.map((mark, index) => line(index + 1, `sleep ${mark}; true`));
    const running = run(given(lines), { slots: 2, signal: controller.signal });
    await until("two run", () => marks.slice(0, 2).every((mark) => findProcesses(mark).length > 0));
    expect(findProcesses(marks[2] ?? "")).toEqual([]);
    controller.abort("enough");
    // Which of the two ends first is nobody's to say.
    const outcomes = (await running).toSorted((one, other) => one.line - other.line);
    expect(summary(outcomes)).toEqual([1, 2].map((one) => [one, "cancelled: enough"]));
  });

  test("refuses a cap on time that the strategy does not keep, unless that is given up", async () => {
    const decision: GuaranteeDecision = { id: "limit.time", kept: false, reason: "no clock" };
    const lines = [line(1, "true", { timeoutMs: 5 }), line(2, "true")];
    const message = "limits.timeout cannot be kept by process: no clock";
    expect(summary(await run(given(lines), { decision }))).toEqual([
      [1, `refused: ${message}`],
      [2, fine],
    ]);
    const job = jobOf({ demands: demands({ accepted: ["limit.time"] }) });
    const given2 = given([line(1, "true", { timeoutMs: 60_000 })]);
    expect(summary(await run(given2, { decision, job }))).toEqual([[1, fine]]);
  });

  test("refuses a cap on CPU time that nothing counts, unless that is given up, and then does not claim it", async () => {
    const decision: GuaranteeDecision = { id: "limit.cpu", kept: true, mechanism: "a share", capabilities: [] };
    const lines = [line(1, "true", { cpuTimeMs: 5 }), line(2, "true")];
    expect(summary(await run(given(lines), { decision }))).toEqual([
      [1, expect.stringMatching(/^refused: limits\.cpu_time .*--cpu-time/)],
      [2, fine],
    ]);
    const job = jobOf({ demands: demands({ accepted: ["limit.cpu"] }) });
    const [outcome] = await run(given([line(1, "true", { cpuTimeMs: 60_000 })]), { decision, job });
    expect(outcome).toMatchObject({ status: "ok", limits: [{ name: "cpu-time", stated: true, enforced: false }] });
  });

  test("says of a job that cannot be said what is wrong, and goes on", async () => {
    const outcomes = await run(given([line(1, "a\0b"), line(2, "true")]));
    expect(summary(outcomes)).toEqual([
      [1, expect.stringMatching(/^setup-failed: .*NUL/)],
      [2, fine],
    ]);
  });

  test("gives an outcome while it waits for the next line", async () => {
    const [first, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    async function* slow(): AsyncGenerator<BatchLine> {
      yield line(1, "true");
      await last.promise;
      yield line(2, "true");
    }
    const running = run(slow(), { onOutcome: () => first.resolve() });
    await first.promise;
    last.resolve();
    expect(summary(await running)).toEqual([
      [1, fine],
      [2, fine],
    ]);
  });

  test("aborted while it waits for a line, waits no longer", async () => {
    const controller = new AbortController();
    const seen = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<BatchLine> {
      yield line(1, "true");
      await new Promise<never>(() => undefined);
    }
    const running = run(endless(), { slots: 3, signal: controller.signal, onOutcome: () => seen.resolve() });
    await seen.promise;
    controller.abort("enough");
    expect(summary(await running)).toEqual([[1, fine]]);
  });

  test("aborted before it begins, reads nothing", async () => {
    let reads = 0;
    async function* counted(): AsyncGenerator<BatchLine> {
      reads += 1;
      yield line(1, "true");
    }
    expect([await run(counted(), { signal: AbortSignal.abort("no") }), reads]).toEqual([[], 0]);
  });

  test("throws what reading the lines throws, when the jobs by then have ended", async () => {
    async function* broken(): AsyncGenerator<BatchLine> {
      yield line(1, "sleep 0.2; exit 5");
      throw new Error("no more");
    }
    const outcomes: BatchOutcome[] = [];
    const running = run(broken(), { slots: 2, onOutcome: (outcome) => void outcomes.push(outcome) });
    expect(await running.catch((error: unknown) => error)).toEqual(new Error("no more"));
    expect(summary(outcomes)).toEqual([[1, "nonzero: 5"]]);
  });
});
