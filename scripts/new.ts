/** Starts a plug-in: `bun run new probe NAME` or `bun run new strategy NAME` writes it, its test, and the registry. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { generate, writeGenerated } from "./gen.ts";
import { parsePluginName, type NewFile, type PluginName } from "./new/plugin-name.ts";
import { probeFiles } from "./new/probe-template.ts";
import { strategyFiles, type StrategyFacts } from "./new/strategy-template.ts";
import { repositoryRoot, writeIfChanged } from "./source/repository.ts";

const usage = "usage: bun run new probe|strategy NAME";

async function listNewFiles(kind: string | undefined, name: PluginName): Promise<NewFile[] | undefined> {
  if (kind === "probe") return probeFiles(name);
  return kind === "strategy" ? strategyFiles(name, await readStrategyFacts()) : undefined;
}

async function readStrategyFacts(): Promise<StrategyFacts> {
  const registry: { strategies: readonly { rank: number }[] } = await import(
    join(repositoryRoot, "src/strategies/registry.gen.ts")
  );
  const { guaranteeIds }: { guaranteeIds: readonly string[] } = await import(
    join(repositoryRoot, "src/model/guarantee.ts")
  );
  const ranks = registry.strategies.map(({ rank }) => rank);
  return { rank: Math.max(0, ...ranks) + 10, guarantees: guaranteeIds };
}

/** Names differ in length, and lines with them. */
async function format(files: readonly NewFile[]): Promise<void> {
  const paths = files.map(({ path }) => path);
  const child = Bun.spawn([process.execPath, "fmt", ...paths], {
    cwd: repositoryRoot,
    stdout: "ignore",
    stderr: "pipe",
  });
  const [complaints, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`bun fmt failed: ${complaints}`);
}

/** Writes what was asked for; returns why not, as one sentence. */
async function start(kind: string | undefined, typed: string | undefined): Promise<string | undefined> {
  if (typed === undefined) return usage;
  const name = parsePluginName(typed);
  if (name === undefined)
    return `${typed} is no name for a plug-in: lower-case words joined by -, at most 40 characters`;
  const files = await listNewFiles(kind, name);
  if (files === undefined) return usage;
  const taken = files.find(({ path }) => existsSync(join(repositoryRoot, path)));
  if (taken !== undefined) return `${taken.path} is there already`;
  for (const { path, text } of files) writeIfChanged(join(repositoryRoot, path), text);
  await format(files);
  const generated = writeGenerated(await generate());
  for (const path of [...files.map((file) => file.path), ...generated]) console.log(`wrote ${path}`);
  return undefined;
}

const problem = await start(process.argv[2], process.argv[3]);
if (problem !== undefined) {
  console.error(`cupel: ${problem}`);
  process.exitCode = 64;
}
