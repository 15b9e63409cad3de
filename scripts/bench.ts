/** Measures how long a job takes to start, beside bubblewrap, in one run of hyperfine; prints medians and ratios of that run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./source/repository.ts";

const executable = join(repositoryRoot, "dist/cupel");
const resultsPath = join(repositoryRoot, "dist/bench.json");

/** The first is what the others are compared with. */
const commands = [
  { name: "bwrap", line: "bwrap --unshare-all --die-with-parent --ro-bind / / /bin/true" },
  { name: "cupel run", line: `${executable} run -- /bin/true` },
  { name: "cupel version", line: `${executable} version` },
] as const;

class MeasureError extends Error {}

interface Result {
  readonly name: string;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** What stands in the way of measuring, as one sentence. */
function findObstacle(): string | undefined {
  if (!existsSync(executable)) return "there is no dist/cupel: bun run build:here";
  const missing = ["hyperfine", "bwrap"].filter((program) => Bun.which(program) === null);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(", ")}`;
}

/** Arguments after the script's go to hyperfine, such as --runs 200. */
async function measure(extra: readonly string[]): Promise<Result[]> {
  const named = commands.flatMap(({ name, line }) => ["-n", name, line]);
  const child = Bun.spawn(
    ["hyperfine", "-N", "--style", "none", "--warmup", "5", "--export-json", resultsPath, ...extra, ...named],
    { cwd: repositoryRoot, stdin: "ignore", stdout: "ignore", stderr: "inherit" },
  );
  if ((await child.exited) !== 0) throw new MeasureError("hyperfine stopped; its reason is above");
  const exported: { results: { command: string; median: number; min: number; max: number }[] } = JSON.parse(
    readFileSync(resultsPath, "utf8"),
  );
  return exported.results.map(({ command, median, min, max }) => ({
    name: command,
    medianMs: median * 1000,
    minMs: min * 1000,
    maxMs: max * 1000,
  }));
}

function renderTable(results: readonly Result[]): string {
  const reference = results[0];
  const rows = results.map(({ name, medianMs, minMs, maxMs }) => {
    const ratio = reference === undefined ? "" : `${(medianMs / reference.medianMs).toFixed(2)}×`;
    return [name, medianMs.toFixed(2), minMs.toFixed(2), maxMs.toFixed(2), ratio];
  });
  const table = [["", "median ms", "min", "max", "of bwrap"], ...rows];
  return table
    .map((row) => row.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(10))).join(""))
    .join("\n");
}

try {
  const obstacle = findObstacle();
  if (obstacle !== undefined) throw new MeasureError(obstacle);
  console.log(renderTable(await measure(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof MeasureError)) throw error;
  console.error(`cupel: cannot measure: ${error.message}`);
  process.exitCode = 125;
}
