/** `cupel check`: whether this host holds what is demanded of it. */
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import type { DemandVerdict } from "../model/demand.ts";
import type { Report } from "../model/report.ts";
import { checkExitCodes, conclude, findDrift, type CheckResult, type Drift } from "../report/check-result.ts";
import { renderCheckAs } from "../report/render-check.ts";
import { commonDifferences } from "../report/compare-snapshots.ts";
import type { Snapshot } from "../report/snapshot.ts";
import { defaultLockPath } from "../run/default-paths.ts";
import { judgeDemands } from "../select/judge-demands.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { chosenFormat } from "./chosen-format.ts";
import { demandsFromFlags, type Demanded } from "./demands-from-flags.ts";
import { measureHost, type Scope } from "./measure-host.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { matrixOf } from "./prepare-job.ts";
import { withReportFiles } from "./report-files.ts";
import { styleOf } from "./style-of.ts";
import { writeOutput } from "./terminal.ts";

/** Everything for a lock, otherwise what the demands depend on. */
function scopeOf({ job, capabilities }: Demanded, isLocked: boolean, deep: boolean, waits: boolean): Scope {
  return isLocked ? { kind: "whole", deep } : { kind: "asked", job, capabilities, waits, deep };
}

interface Place {
  readonly host: Host;
  /** Where cupel keeps its state. */
  readonly directories: readonly string[];
}

interface Judged {
  readonly report: Report;
  readonly demands: readonly DemandVerdict[];
}

function judge({ job, capabilities }: Demanded, report: Report): DemandVerdict[] {
  const matrix = matrixOf(report.capabilities);
  if (job !== undefined) {
    const { trials, verified, startCosts } = report;
    return judgeDemands({ job, capabilities, strategies, matrix, trials, verified, startCosts });
  }
  return judgeDemands({ capabilities, strategies: [], matrix, trials: [] });
}

/** Waits for slow probes only where something hangs on them. */
async function measureAndJudge(
  demanded: Demanded,
  host: Host,
  directories: readonly string[],
  { isLocked, deep }: { isLocked: boolean; deep: boolean },
): Promise<Judged> {
  const measure = async (waits: boolean): Promise<Judged> => {
    const report = await measureHost(host, directories, scopeOf(demanded, isLocked, deep, waits));
    return { report, demands: judge(demanded, report) };
  };
  const first = await measure(demanded.capabilities.length > 0);
  const isOpen = first.demands.some(({ result }) => result !== "holds");
  return isOpen && first.report.skipped.length > 0 ? measure(true) : first;
}

interface Lock {
  readonly path: string;
  readonly snapshot: Snapshot;
}

async function lockIn({ flags }: CommandLine): Promise<Lock | undefined> {
  const path = flags.get("lock")?.at(-1) ?? (flags.has("locked") ? defaultLockPath : undefined);
  if (path === undefined) return undefined;
  const { readLockFile } = await import("../run/lock-file.ts");
  return { path, snapshot: readLockFile(path) };
}

/** The file that makes the demands, where its path says nothing of this machine. */
function withinRepository(path: string | undefined): string | undefined {
  const isOutside = path === undefined || path.startsWith("/") || path.split("/").includes("..");
  return isOutside ? undefined : path;
}

/** What differs is measured again before it is said: a loaded machine may answer otherwise for once. */
async function findLastingDrift(
  { path, snapshot }: Lock,
  first: Report,
  measure: () => Promise<Report>,
): Promise<Drift> {
  const drift = findDrift(path, snapshot, first);
  if (drift.differences.length === 0) return drift;
  const again = findDrift(path, snapshot, await measure());
  return { ...again, differences: commonDifferences(drift.differences, again.differences) };
}

async function findResult(
  line: CommandLine,
  lock: Lock | undefined,
  demanded: Demanded,
  { host, directories }: Place,
): Promise<CheckResult> {
  const extent = { isLocked: lock !== undefined, deep: line.flags.has("deep") };
  const judged = await measureAndJudge(demanded, host, directories, extent);
  const measureAgain = (): Promise<Report> => measureHost(host, directories, { kind: "whole", deep: extent.deep });
  return {
    ...judged,
    drift: lock && (await findLastingDrift(lock, judged.report, measureAgain)),
    failsOnDegraded: line.flags.has("fail-on"),
    location: line.flags.get("location")?.at(-1) ?? withinRepository(demanded.location),
  };
}

/** Runs it; gives the exit code. @throws CupelError `usage`; `set-up` where a file of --output cannot be written. */
export async function check(line: CommandLine): Promise<number> {
  const host = createRealHost();
  const directories = stateDirectories(host);
  const lock = await lockIn(line);
  const demanded = await demandsFromFlags(line, host, directories, lock !== undefined);
  const result = await withReportFiles(
    line,
    () => findResult(line, lock, demanded, { host, directories }),
    (found) => (format, style) => renderCheckAs(format, found, style),
  );
  writeOutput(await renderCheckAs(chosenFormat(line), result, styleOf(1)));
  return checkExitCodes[conclude(result)];
}
