/**
 * Keeps what became of a run, in a directory of its own below the first state directory that can be used. It is written
 * under another name and renamed, so that a run is there whole or not at all, and no other is touched. It is not synced:
 * after a crash of the machine the last ones may be missing or empty, which readers take for what it is.
 */
import { mkdirSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { useWritableDirectory } from "../host/private-directory.ts";
import { removeIfThere } from "../host/replace-file.ts";
import type { Job } from "../model/job.ts";
import type { Outcome } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import { runRecordSchema, type KeptOutput, type RecordedPlan, type RunRecord } from "../model/run-record.ts";
import { makingName } from "./run-id.ts";

/** In a run's directory. */
export const runRecordName = "run.json";

/** What a run wrote, in its directory. */
export const keptNames = ["output", "errors"] as const;

/** The directory, below a state directory, that holds runs. */
export function runsIn(stateDirectory: string): string {
  return `${stateDirectory}/runs`;
}

/** What is known when a run is over. */
export interface FinishedRun {
  readonly id: string;
  readonly startedAt: Date;
  readonly job: Pick<Job, "command" | "directory">;
  readonly plan: Plan | undefined;
  readonly outcome: Outcome;
  /** What was kept of its output, and the directory that it is in already. */
  readonly kept?: { readonly place: string; readonly output: KeptOutput } | undefined;
}

function recordedPlan({ strategy, isolation, launch }: Plan): RecordedPlan {
  return { strategy, isolation, launch: { ...launch, environment: Object.keys(launch.environment) } };
}

/** The record. Pure but for the time. */
export function runRecordOf({ id, startedAt, job, plan, outcome, kept }: FinishedRun): RunRecord {
  return {
    schema: runRecordSchema,
    id,
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    command: job.command,
    directory: job.directory,
    plan: plan === undefined ? undefined : recordedPlan(plan),
    outcome,
    keptOutput: kept?.output,
  };
}

const triesMax = 20;

/** A directory for a record. `cupel clean` may take away what holds it at any moment; then that is made again. */
export function makePlace(runs: string): string {
  const path = `${runs}/${makingName()}`;
  for (let tries = 1; ; tries++) {
    try {
      mkdirSync(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || tries === triesMax) throw error;
      mkdirSync(runs, { recursive: true, mode: 0o700 });
    }
  }
}

/** What could not be put in its place goes again, as far as it is there. */
export function removePlace(path: string): void {
  for (const name of [runRecordName, ...keptNames]) removeIfThere(`${path}/${name}`);
  try {
    rmdirSync(path);
  } catch (error) {
    errnoOf(error);
  }
}

function write(record: RunRecord, runs: string, place?: string): string | undefined {
  let path = place;
  try {
    path ??= makePlace(runs);
    writeFileSync(`${path}/${runRecordName}`, JSON.stringify(record), { mode: 0o600, flag: "wx" });
    // Another's directory is never empty, so that it is not replaced (rename(2), ENOTEMPTY).
    renameSync(path, `${runs}/${record.id}`);
    return undefined;
  } catch (error) {
    if (path !== undefined) removePlace(path);
    return `${runs}: ${errnoOf(error)}`;
  }
}

/** Whether it was kept, or why it could not be; where there is no place at all for what cupel keeps, that is nothing new. */
export type Recorded = { readonly ok: true } | { readonly ok: false; readonly reason?: string };

/** Keeps it. */
export function recordRun(run: FinishedRun, directories: readonly string[], uid: number): Recorded {
  const { place } = run.kept ?? {};
  const directory = directories.find((candidate) => useWritableDirectory(candidate, uid).ok);
  if (directory === undefined && place === undefined) return { ok: false };
  const runs = place?.slice(0, place.lastIndexOf("/")) ?? runsIn(directory ?? "");
  const reason = write(runRecordOf(run), runs, place);
  return reason === undefined ? { ok: true } : { ok: false, reason };
}
