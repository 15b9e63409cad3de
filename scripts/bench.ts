/**
 * Measures on this machine, in one interleaved run, how long a job takes to start and end in cupel, without a sandbox, in
 * the kernel's own namespaces and in every peer that is installed; prints tables with ratios, and the launcher's targets.
 */
import { arch, availableParallelism, release } from "node:os";
import { measureBatches } from "./bench/batch.ts";
import type { Candidate, Entry } from "./bench/contestant.ts";
import { openDocker } from "./bench/docker.ts";
import { tryAll, type Entrant } from "./bench/entrant.ts";
import { installPeers } from "./bench/install-peers.ts";
import { measureLatency, measureThroughput, type Effort } from "./bench/measure.ts";
import { measureMemory } from "./bench/memory.ts";
import { BenchError, parseOptions, usage, type Options } from "./bench/options.ts";
import { listOwnEntries } from "./bench/own-contestants.ts";
import { listPeerEntries } from "./bench/peers.ts";
import { renderReport } from "./bench/render.ts";
import { benchSchemaVersion, type BenchReport, type Row } from "./bench/report.ts";
import { judgeTargets } from "./bench/targets.ts";
import { openWorkshop, type Workshop } from "./bench/workshop.ts";

const batchNames = ["cupel-batch", "bwrap-xargs", "resident"];

function effortOf({ runs, quick }: Options): Effort {
  return quick
    ? { runs, rounds: 2, latencyBudgetMs: 300, throughputBudgetMs: 60, throughputRounds: 1 }
    : { runs, rounds: 20, latencyBudgetMs: 6000, throughputBudgetMs: 1500, throughputRounds: 5 };
}

function say(message: string): void {
  console.error(`bench: ${message}`);
}

function choose(entries: readonly Entry[], only: readonly string[]): Candidate[] {
  const names = [...entries.map(({ name }) => name), ...batchNames];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new BenchError(`there is no ${unknown}; there are ${names.join(", ")}`);
  return entries.filter(({ name }) => only.length === 0 || only.includes(name)).map((entry) => entry.prepare());
}

async function measureRows(workshop: Workshop, entrants: readonly Entrant[], effort: Effort): Promise<Row[]> {
  say(`latency of ${entrants.map(({ contestant }) => contestant.name).join(", ")}`);
  const latency = await measureLatency(workshop, entrants, effort);
  say("jobs a second");
  const throughput = await measureThroughput(workshop, entrants, effort);
  say("memory");
  const rows: Row[] = [];
  for (const { contestant } of entrants) {
    const { name, what, version, runsJobs } = contestant;
    const memory = runsJobs ? await measureMemory(workshop, contestant) : undefined;
    rows.push({ name, what, version, latency: latency.get(name), jobsPerSecond: throughput.get(name), memory });
  }
  return rows;
}

async function measure(options: Options, workshop: Workshop): Promise<BenchReport> {
  const wantsDocker = options.only.length === 0 || options.only.includes("docker");
  await using docker = wantsDocker ? await openDocker(workshop) : undefined;
  const entries = [
    ...listOwnEntries(workshop),
    ...listPeerEntries({ workshop, docker: docker?.flags ?? "not asked for" }),
  ];
  const { entrants, missing } = await tryAll(workshop, choose(entries, options.only));
  const rows = await measureRows(workshop, entrants, effortOf(options));
  if (options.only.length === 0 || batchNames.some((name) => options.only.includes(name))) {
    say("batches");
    const bwrap = entries.find(({ name }) => name === "bwrap")?.prepare();
    const effort = options.quick ? { jobs: 20, rounds: 1 } : { jobs: 1000, rounds: 3 };
    const batches = await measureBatches(workshop, bwrap, effort);
    rows.push(...batches.rows);
    missing.push(...batches.missing);
  }
  return {
    schema: benchSchemaVersion,
    machine: { kernel: release(), architecture: arch(), cpus: availableParallelism(), uid: process.geteuid?.() ?? 0 },
    cupel: Bun.spawnSync([workshop.executable, "version"])
      .stdout.toString()
      .trim()
      .replace(/^cupel /, ""),
    rows,
    missing,
    targets: judgeTargets(rows),
  };
}

async function main(words: readonly string[]): Promise<void> {
  if (words.includes("--help")) return console.log(usage);
  const options = parseOptions(words, process.env);
  if (options.installPeers) installPeers(options.workshop);
  const report = await measure(options, openWorkshop(options.workshop));
  console.log(options.json ? JSON.stringify(report, null, 2) : renderReport(report));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(`cupel: cannot measure: ${error.message}`);
  process.exitCode = 125;
}
