/**
 * Fuzzes the launcher's reader of instructions, starting from the corpus that is kept and from what cupel itself writes; or
 * the proxy's readers of requests, with --of proxy.
 * Usage: bun scripts/fuzz.ts [--of instructions|proxy] [--runs N] [--keep]. --keep writes what it came to, minimised, over the kept corpus.
 * A finding ends it with exit code 1; the input lies in dist/fuzz then.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodedSeeds, readCorpus, writeCorpus } from "../test/support/instruction-corpus.ts";
import { buildInstructionFuzzer, fuzzerArguments } from "../test/support/instruction-fuzzer.ts";
import { proxyProperties } from "../test/support/proxy-properties.ts";
import { repositoryRoot } from "./source/repository.ts";

const folder = join(repositoryRoot, "dist/fuzz");

function makeFolder(name: string): string {
  const path = join(folder, name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

async function runFuzzer(words: readonly string[]): Promise<void> {
  const child = Bun.spawn([buildInstructionFuzzer(), ...fuzzerArguments, ...words], {
    cwd: folder,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  if ((await child.exited) === 0) return;
  console.error("cupel: the fuzzer found something, or could not run: its words are above, its input in dist/fuzz");
  process.exit(1);
}

async function keep(found: string): Promise<void> {
  const minimised = makeFolder("minimised");
  await runFuzzer(["-merge=1", minimised, found]);
  const kept = readdirSync(minimised).map((name) => readFileSync(join(minimised, name)));
  writeCorpus(kept);
  console.log(`kept ${kept.length} instructions`);
}

async function fuzzInstructions(runs: string, isKept: boolean): Promise<void> {
  const corpus = makeFolder("corpus");
  for (const [index, bytes] of [...encodedSeeds(), ...readCorpus()].entries()) {
    writeFileSync(join(corpus, `seed-${index}`), bytes);
  }
  await runFuzzer([`-runs=${runs}`, corpus]);
  if (isKept) await keep(corpus);
}

/** What fast-check finds it shows itself, made as small as it can. */
function fuzzProxy(runs: string): void {
  for (const [name, check] of Object.entries(proxyProperties)) {
    check(Number(runs));
    console.log(`${name}: ${runs} times`);
  }
}

const { values } = parseArgs({
  options: {
    of: { type: "string", default: "instructions" },
    runs: { type: "string", default: "1000000" },
    keep: { type: "boolean", default: false },
  },
});
if (!/^\d+$/.test(values.runs)) {
  console.error(`cupel: --runs ${values.runs} is no number of inputs; write one, such as 10000000`);
  process.exit(64);
}
if (values.of !== "instructions" && values.of !== "proxy") {
  console.error(`cupel: --of ${values.of} is nothing that is fuzzed; choose instructions or proxy`);
  process.exit(64);
}
if (values.of === "proxy") fuzzProxy(values.runs);
else await fuzzInstructions(values.runs, values.keep);
