/** Measures this host and saves the report: probes, trials, selection for the default job. */
import type { Host } from "../host/host.ts";
import { createNativeHelpers } from "../launch/native-helpers.ts";
import { buildMatrix } from "../matrix/build-matrix.ts";
import type { Report } from "../model/report.ts";
import { buildReport } from "../report/build-report.ts";
import { readFingerprintParts } from "../report/fingerprint.ts";
import { saveReport } from "../report/saved-report.ts";
import { defaultRequest } from "../run/job-request.ts";
import { removeStaleControlGroups } from "../run/control-groups.ts";
import { resolveJob } from "../run/resolve-job.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { runTrials } from "../verify/run-trial.ts";

/** A report, and why it could not be saved, if it could not. */
export interface Measurement {
  readonly report: Report;
  readonly unsaved?: string | undefined;
}

/** Probes everything, tries every strategy, and saves what came out. Never throws for what the host is like. */
export async function measureHost(host: Host, directories: readonly string[]): Promise<Measurement> {
  const started = performance.now();
  // Before the probes: a host that changes meanwhile shall not match.
  const fingerprintParts = readFingerprintParts(host);
  const matrix = await buildMatrix({ host, helpers: createNativeHelpers(host, directories), deep: false });
  removeStaleControlGroups(matrix);
  const defaultJob = resolveJob(defaultRequest, { host, stateDirectories: directories, tools: undefined });
  const trials = await runTrials(strategies, defaultJob, { host, matrix, stateDirectories: directories });
  const durationMs = performance.now() - started;
  const report = buildReport({ host, matrix, trials, strategies, defaultJob, fingerprintParts, durationMs });
  const saved = saveReport(report, directories, host.identity.uid);
  return { report, unsaved: saved.ok ? undefined : saved.reason };
}
