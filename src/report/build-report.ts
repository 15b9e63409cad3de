/** Puts a report together from what was measured. */
import { createHash, randomUUID } from "node:crypto";
import type { Host } from "../host/host.ts";
import { build } from "../model/build.gen.ts";
import type { Capability, Matrix } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import { reportSchema, type Report, type StrategySummary } from "../model/report.ts";
import type { StartCost } from "../model/start-cost.ts";
import type { Trial } from "../model/trial.ts";
import type { VerifiedSet } from "../model/verification.ts";
import { isAvailable, judgeAll, select, type Candidate } from "../select/select.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { findAttachedProfile } from "./apparmor-attachments.ts";
import type { FingerprintParts } from "./fingerprint.ts";
import { layersOf, withLayers } from "./layers.ts";
import { packageManagers } from "./package-names.ts";
import { measureQuickProbes } from "./quick-probes.ts";
import { remediesFor } from "./remedies.ts";
import type { RemedyFacts } from "./remedy-case.ts";
import { findRootOwnedExecutable } from "./root-owned-executable.ts";

/** Everything that a report is made of. */
export interface ReportInput {
  readonly host: Pick<Host, "identity" | "findPrograms" | "readLink" | "linkStatus" | "list" | "readText">;
  readonly matrix: Matrix;
  readonly isWhole: boolean;
  readonly skipped: readonly string[];
  readonly trials: readonly Trial[];
  /** What attacks showed of sandboxes under the same fingerprint. */
  readonly verified?: readonly VerifiedSet[] | undefined;
  /** What starts were measured to cost under the same fingerprint. */
  readonly startCosts?: readonly StartCost[] | undefined;
  readonly strategies: readonly Strategy[];
  readonly defaultJob: Job;
  readonly fingerprintParts: FingerprintParts;
  readonly durationMs: number;
}

/** One strategy as the report shows it. */
export function summarizeCandidate(candidate: Candidate): StrategySummary {
  const { id, isolation, rank, summary } = candidate.strategy;
  return {
    id,
    isolation,
    rank,
    summary,
    available: isAvailable(candidate),
    missing: candidate.missing,
    guarantees: candidate.decisions,
  };
}

/** Sorted by name, so that the order of reading does not matter. */
function hashParts(parts: FingerprintParts): string {
  const lines = Object.entries(parts).map(([name, value]) => `${name}=${value}`);
  return createHash("sha256").update(lines.toSorted().join("\n")).digest("hex");
}

function remedyFacts(host: ReportInput["host"], found: readonly Capability[]): RemedyFacts {
  const packageManager = packageManagers.find((name) => host.findPrograms(name).length > 0);
  const isConfined = found.some(({ blockers }) => blockers.some(({ code }) => code === "lsm:apparmor"));
  const rootOwnedLauncher = isConfined ? findRootOwnedExecutable(host) : undefined;
  const attachedProfile = rootOwnedLauncher === undefined ? undefined : findAttachedProfile(host, rootOwnedLauncher);
  return { uid: host.identity.uid, packageManager, rootOwnedLauncher, attachedProfile };
}

/** The report; pure but for its id and time. */
export function buildReport(input: ReportInput): Report {
  const selectionInput = { ...input, job: input.defaultJob };
  const found = Object.values(input.matrix);
  const layers = layersOf(found);
  const capabilities = withLayers(found, layers);
  return {
    schema: reportSchema,
    id: randomUUID(),
    createdAt: new Date().toISOString(),
    cupel: { version: build.version, build: build.id },
    user: input.host.identity,
    fingerprint: hashParts(input.fingerprintParts),
    fingerprintParts: input.fingerprintParts,
    isWhole: input.isWhole,
    skipped: input.skipped,
    layers,
    capabilities,
    trials: input.trials,
    strategies: judgeAll(selectionInput).map(summarizeCandidate),
    selection: select(selectionInput),
    remedies: remediesFor(capabilities, remedyFacts(input.host, found)),
    ...(input.verified === undefined || input.verified.length === 0 ? {} : { verified: input.verified }),
    ...(input.startCosts === undefined || input.startCosts.length === 0 ? {} : { startCosts: input.startCosts }),
    durationMs: input.durationMs,
    quickProbes: measureQuickProbes(found),
  };
}
