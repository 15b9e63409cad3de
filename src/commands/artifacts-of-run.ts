/** `run` with artifacts: opens the place for them before the job, and collects them after it. */
import { statSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import type { ArtifactsOutcome, ArtifactWish } from "../model/artifact.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import { describeArtifacts, describeMissingArtifacts, describeRefusedArtifacts } from "../report/artifact-words.ts";
import { ArtifactStore } from "../run/artifact-store.ts";
import type { CarriedOut } from "../run/carry-out.ts";
import { collectArtifacts, type ArtifactSource } from "../run/collect-artifacts.ts";
import { judgeEnding } from "../run/ending.ts";
import { say } from "./terminal.ts";

/** Whose run it is. */
export interface Collector {
  readonly job: Job;
  readonly host: Host;
  readonly directories: readonly string[];
  readonly isQuiet: boolean;
}

/** Artifacts, and why those that are required are not all there. */
export interface Collected {
  readonly artifacts?: ArtifactsOutcome | undefined;
  readonly artifactsLack?: string | undefined;
}

function sourceOf(workspace: string, { launch }: Plan, { layer }: CarriedOut, collector: Collector): ArtifactSource {
  const { host, directories, job } = collector;
  // A job with ids of its own has what its workspace's owner has, through an idmapped mount.
  const isOther = launch.outside === "fresh";
  const owner = isOther ? statSync(workspace).uid : undefined;
  return {
    workspace,
    layer,
    hidden: job.hidden,
    denied: [...job.layout.denied, ...job.layout.directories.map(({ path }) => path)],
    owners: owner === undefined ? undefined : { host: owner, layer: layer?.owner?.uid ?? owner },
    places: { directories, uid: host.identity.uid },
  };
}

function collect(wish: ArtifactWish, store: ArtifactStore, makeSource: () => ArtifactSource): ArtifactsOutcome {
  try {
    return collectArtifacts(wish, store, makeSource());
  } catch (error) {
    const refused = [{ path: "", reason: "unreadable", errno: errnoOf(error) }] as const;
    return { directory: wish.directory, files: [], refused, refusedCount: 1, missing: wish.globs };
  }
}

function tell(outcome: ArtifactsOutcome, isQuiet: boolean): void {
  if (isQuiet) return;
  if (outcome.files.length > 0) say(describeArtifacts(outcome));
  if (outcome.refusedCount > 0) say(describeRefusedArtifacts(outcome));
}

/** The place, open. @throws CupelError `usage` where it cannot be written to. */
export function openStore({ directory }: ArtifactWish): ArtifactStore {
  return new ArtifactStore(directory);
}

/** Whether the lack is what the run ends with: a job that failed has a cause of its own. */
function isSuccess(carried: CarriedOut, { launch }: Plan): boolean {
  return judgeEnding({ ...carried, launch }).status === "ok";
}

/** Collects from a job that was started. */
export function collectFrom(carried: CarriedOut, plan: Plan, store: ArtifactStore, collector: Collector): Collected {
  const { artifacts: wish, workspace } = collector.job;
  const hasStarted = carried.events.some(({ event }) => event === "started");
  if (wish === undefined || workspace.mode === "empty" || !hasStarted) return {};
  const artifacts = collect(wish, store, () => sourceOf(workspace.path, plan, carried, collector));
  tell(artifacts, collector.isQuiet);
  if (artifacts.missing.length === 0) return { artifacts };
  const artifactsLack = describeMissingArtifacts(artifacts);
  if (wish.isRequired && isSuccess(carried, plan))
    return { artifacts, artifactsLack: `${artifactsLack}, and that is required (--require-artifacts)` };
  if (!collector.isQuiet) say(artifactsLack);
  return { artifacts };
}
