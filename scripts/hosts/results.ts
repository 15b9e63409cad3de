/** What was found in the lab's hosts, kept for the README: test/hosts/results.json, written by `bun scripts/hosts.ts --matrix`. */
import { join } from "node:path";
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { Report } from "../../src/model/report.ts";
import type { SubjectResult } from "../../src/model/verification.ts";
import { findObstacle } from "../../src/report/obstacle.ts";
import { readIfThere, repositoryRoot, writeIfChanged } from "../source/repository.ts";
import type { BootResult } from "./boot.ts";
import { attacksOf, callers, reportTo, type Caller } from "./judge.ts";
import type { LabHost } from "./lab-host.ts";
import { listHosts } from "./list-hosts.ts";
import type { Kernel } from "./packages.ts";

/** What one caller has in one host. */
export interface CallerResult {
  /** The strategy of a job without flags; null where every one is refused. */
  readonly chosen: string | null;
  /** Where none is chosen, what the closest one lacks first, with the codes of what blocks it. */
  readonly lacks?: string | undefined;
  /** What attacks came to; null where they could not be made. */
  readonly attacked: {
    readonly strategy: string;
    /** Guarantees that held; the others are not provided. */
    readonly held: readonly GuaranteeId[];
  } | null;
}

/** What was found in one host. */
export interface HostResult {
  /** ISO 8601, UTC. */
  readonly measuredOn: string;
  /** Of the kernel: `6.1.0-50-cloud-amd64`. */
  readonly release: string;
  readonly callers: Readonly<Partial<Record<Caller, CallerResult>>>;
}

/** By the names of hosts, sorted. */
export type HostResults = Readonly<Record<string, HostResult>>;

/** Relative to the root. */
const resultsPath = "test/hosts/results.json";

/** Those that are kept. */
export function readResults(root: string = repositoryRoot): HostResults {
  return JSON.parse(readIfThere(join(root, resultsPath)) ?? "{}") as HostResults;
}

/** What a boot came to that was judged as it should be. Pure. */
export function resultOf(host: LabHost, kernel: Pick<Kernel, "release">, boot: BootResult, now: Date): HostResult {
  const found = callers.flatMap((caller) => {
    const result = host.truth[caller] === undefined ? undefined : callerResult(caller, boot);
    return result === undefined ? [] : [[caller, result] as const];
  });
  return {
    measuredOn: now.toISOString().slice(0, "2026-11-21".length),
    release: kernel.release,
    callers: Object.fromEntries(found),
  };
}

/** Puts it in the place of an older one, and forgets hosts that are there no more. */
export function keepResult(name: string, result: HostResult): void {
  const known: HostResults = { ...readResults(), [name]: result };
  const kept = listHosts().flatMap((host) => (known[host] === undefined ? [] : [[host, known[host]] as const]));
  writeIfChanged(join(repositoryRoot, resultsPath), `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`);
}

// --- internal ---

function callerResult(caller: Caller, boot: BootResult): CallerResult | undefined {
  const [report, attacks] = [reportTo(caller, boot), attacksOf(caller, boot)];
  if (report === undefined) return undefined;
  const chosen = report.selection.chosen ?? null;
  return {
    chosen,
    ...(chosen === null ? { lacks: firstLack(report) } : {}),
    attacked: attacks === undefined ? null : { strategy: attacks.name, held: heldOf(attacks) },
  };
}

function heldOf({ guarantees }: SubjectResult): GuaranteeId[] {
  return guarantees.filter(({ state }) => state === "held").map(({ id }) => id);
}

/** `userns.create (sysctl)`. */
function firstLack({ selection, capabilities }: Report): string | undefined {
  const matrix = Object.fromEntries(capabilities.map((capability) => [capability.id, capability]));
  const missing = findObstacle(selection, matrix)?.capability;
  return missing && `${missing.id} (${missing.blockers.map(({ code }) => code).join(", ")})`;
}
