/** Measures this host: probes, trials, selection for the default job; in whole, or as far as something asks. */
import type { Host } from "../host/host.ts";
import { createNativeHelpers } from "../launch/native-helpers.ts";
import { enterOwnScope } from "../launch/own-scope.ts";
import { buildMatrix } from "../matrix/build-matrix.ts";
import type { Matrix } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Report } from "../model/report.ts";
import type { Probe, ProbeContext } from "../probes/_probe.ts";
import { probes as registeredProbes } from "../probes/registry.gen.ts";
import { buildReport } from "../report/build-report.ts";
import { readFingerprintParts } from "../report/fingerprint.ts";
import { loadStartCosts } from "../report/saved-start-costs.ts";
import { loadVerifiedSets } from "../report/saved-verification.ts";
import { removeStaleControlGroups } from "../run/stale-control-groups.ts";
import { defaultRequest } from "../run/job-request.ts";
import { resolveJob } from "../run/resolve-job.ts";
import { askedCapabilities } from "../select/asked-capabilities.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { runTrials } from "../verify/run-trial.ts";

/** How much is measured. */
export type Scope =
  /** Everything; `deep` also what takes seconds. */
  | { readonly kind: "whole"; readonly deep: boolean }
  /** What the strategies ask about for this job (without one: no strategy is looked at), and these capabilities. */
  | {
      readonly kind: "asked";
      readonly job?: Job | undefined;
      readonly capabilities: readonly string[];
      /** Whether to wait for probes that ask an engine or a manager. */
      readonly waits: boolean;
      readonly deep: boolean;
    };

const probes: readonly Probe[] = registeredProbes;

function finds(probe: Probe, ids: ReadonlySet<string>): boolean {
  return Object.keys(probe.capabilities).some((id) => ids.has(id));
}

interface Measured {
  readonly matrix: Matrix;
  /** Capabilities that were asked for, but not waited for. */
  readonly skipped: readonly string[];
}

/** Whatever is denied is denied by some layer. */
const alwaysAsked = ["host.layers"];

async function measureAsked(
  context: ProbeContext,
  jobs: readonly Job[],
  scope: Scope & { kind: "asked" },
): Promise<Measured> {
  const done = new Set<Probe>();
  let matrix: Matrix = {};
  for (;;) {
    const known = matrix;
    const asked = new Set([
      ...alwaysAsked,
      ...scope.capabilities,
      ...askedCapabilities(jobs.length === 0 ? [] : strategies, jobs, known),
    ]);
    const wanted = probes.filter((probe) => finds(probe, asked));
    const named = strategies.find(({ id }) => id === scope.job?.demands.strategy);
    const needed = new Set<string>(named?.requires(known));
    const isWaitedFor = (probe: Probe): boolean => scope.waits || probe.pace !== "slow" || finds(probe, needed);
    const next = wanted.filter((probe) => isWaitedFor(probe) && !done.has(probe));
    if (next.length === 0) {
      const notMeasured = wanted.filter((probe) => !isWaitedFor(probe));
      const skipped = notMeasured.flatMap((probe) => Object.keys(probe.capabilities).filter((id) => asked.has(id)));
      return { matrix, skipped };
    }
    for (const probe of next) done.add(probe);
    matrix = { ...known, ...(await buildMatrix(context, next)) };
  }
}

/** Probes, tries strategies, and puts together what came out. Never throws for what the host is like; saves nothing. */
export async function measureHost(host: Host, directories: readonly string[], scope: Scope): Promise<Report> {
  const started = performance.now();
  // Before the probes: a host that changes meanwhile shall not match.
  const fingerprintParts = readFingerprintParts(host);
  const context: ProbeContext = {
    host,
    helpers: createNativeHelpers(host, directories),
    deep: scope.deep,
    ownScope: await enterOwnScope(host),
  };
  const defaultJob = resolveJob(defaultRequest, { host, stateDirectories: directories, tools: undefined });
  const isWhole = scope.kind === "whole";
  const judged = isWhole || scope.job !== undefined ? strategies : [];
  const { matrix, skipped } = isWhole
    ? { matrix: await buildMatrix(context), skipped: [] }
    : await measureAsked(context, scope.job === undefined ? [] : [defaultJob, scope.job], scope);
  removeStaleControlGroups(matrix);
  const trials = await runTrials(judged, defaultJob, { host, matrix, stateDirectories: directories });
  const durationMs = performance.now() - started;
  return buildReport({
    host,
    matrix,
    skipped,
    isWhole,
    trials,
    verified: loadVerifiedSets(directories, host.identity.uid, fingerprintParts).sets,
    startCosts: loadStartCosts(directories, host.identity.uid, fingerprintParts).costs,
    strategies: judged,
    defaultJob,
    fingerprintParts,
    durationMs,
  });
}
