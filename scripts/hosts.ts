/**
 * The host lab: boots real kernels in QEMU, runs the real executable inside, and compares what it says with what is
 * true there. Arguments: names of hosts, `--all`, or nothing for the default set; `--attack` attacks the sandboxes
 * there as well, `--matrix` does so and keeps what was found for the README; `--show` prints what cupel said.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inParallel } from "../src/verify/in-parallel.ts";
import { bootHost, type BootResult } from "./hosts/boot.ts";
import { defaultHosts } from "./hosts/default-hosts.ts";
import { emulators, guestsAtOnce } from "./hosts/emulator.ts";
import { judgeHost, stepsOf } from "./hosts/judge.ts";
import { obtainPrograms } from "./hosts/lab-executable.ts";
import { listHosts, loadHost } from "./hosts/list-hosts.ts";
import { obtainKernel } from "./hosts/packages.ts";
import { keepResult, resultOf } from "./hosts/results.ts";
import { repositoryRoot } from "./source/repository.ts";

const executable = join(repositoryRoot, "dist/cupel");

interface Wishes {
  readonly names: readonly string[];
  readonly isShown: boolean;
  readonly isAttacked: boolean;
  readonly isKept: boolean;
}

function parseWords(words: readonly string[]): Wishes {
  const flags = ["--all", "--show", "--attack", "--matrix"];
  const stray = words.find((word) => word.startsWith("-") && !flags.includes(word));
  if (stray !== undefined) throw new Error(`${stray}: no such flag; there are ${flags.join(", ")}`);
  const named = words.filter((word) => !word.startsWith("-"));
  const isKept = words.includes("--matrix");
  return {
    names: words.includes("--all") ? listHosts() : named.length > 0 ? named : defaultHosts,
    isShown: words.includes("--show"),
    isAttacked: isKept || words.includes("--attack"),
    isKept,
  };
}

function show(name: string, { steps, console: shown }: BootResult): void {
  for (const [step, { code, output, errors }] of Object.entries(steps)) {
    console.log(`--- ${name} ${step}: ${code}\n${output}${errors}`);
  }
  console.log(`--- ${name} console\n${shown}`);
}

/** Whether all was as it should be; only then is it kept. */
async function visit(name: string, { isShown, isAttacked, isKept }: Wishes): Promise<boolean> {
  const host = await loadHost(name);
  const { architecture = "x64" } = host;
  const { program, package: found } = emulators[architecture];
  if (Bun.which(program) === null) throw new Error(`${program} is not installed (Debian: apt-get install ${found})`);
  const kernel = obtainKernel(host.kernel, architecture);
  const boot = await bootHost(host, kernel, obtainPrograms(host), stepsOf(host, isAttacked));
  if (isShown) show(name, boot);
  const faults = judgeHost(host, boot);
  const line = `${name.padEnd(28)} ${host.title} (${(boot.durationMs / 1000).toFixed(1)} s)`;
  console.log(
    [`${faults.length === 0 ? "ok  " : "FAIL"} ${line}`, ...faults.map((fault) => `     ${fault}`)].join("\n"),
  );
  if (isKept && faults.length === 0) keepResult(name, resultOf(host, kernel, boot, new Date()));
  return faults.length === 0;
}

async function main(words: readonly string[]): Promise<number> {
  if (!existsSync(executable)) throw new Error("dist/cupel is not built; run ./scripts/cupel version");
  const wishes = parseWords(words);
  const started = performance.now();
  const visits = await inParallel(
    wishes.names.map((name) => () => visit(name, wishes)),
    guestsAtOnce,
  );
  const failed = visits.filter((isSound) => !isSound).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (visits.length > 1)
    console.log(`${visits.length - failed} hosts as they should be, ${failed} not, in ${seconds} s`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`cupel: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
