/**
 * The host lab: boots real kernels in QEMU, runs the real executable inside, and compares what it says with what is
 * true there. Arguments: names of hosts, `--all`, or nothing for the default set; `--show` prints what cupel said.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bootHost, type BootResult } from "./hosts/boot.ts";
import { defaultHosts } from "./hosts/default-hosts.ts";
import { judgeHost, stepsOf } from "./hosts/judge.ts";
import type { LabHost } from "./hosts/lab-host.ts";
import { hostsDirectory, listHosts } from "./hosts/list-hosts.ts";
import { obtainKernel } from "./hosts/packages.ts";
import { repositoryRoot } from "./source/repository.ts";

const executable = join(repositoryRoot, "dist/cupel");

async function loadHost(name: string): Promise<LabHost> {
  const loaded = (await import(join(hostsDirectory, `${name}.ts`))) as { default: LabHost };
  return loaded.default;
}

function chooseNames(words: readonly string[], all: readonly string[]): string[] {
  const named = words.filter((word) => !word.startsWith("--"));
  const unknown = named.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`there is no host ${unknown}; there are ${all.join(", ")}`);
  if (words.includes("--all")) return [...all];
  return named.length > 0 ? named : [...defaultHosts];
}

function show(name: string, { steps, console: shown }: BootResult): void {
  for (const [step, { code, output, errors }] of Object.entries(steps)) {
    console.log(`--- ${name} ${step}: ${code}\n${output}${errors}`);
  }
  console.log(`--- ${name} console\n${shown}`);
}

async function visit(name: string, host: LabHost, isShown: boolean): Promise<boolean> {
  const boot = await bootHost(host, obtainKernel(host.kernel), executable, stepsOf(host));
  if (isShown) show(name, boot);
  const faults = judgeHost(host, boot);
  console.log(
    `${faults.length === 0 ? "ok  " : "FAIL"} ${name}: ${host.title} (${(boot.durationMs / 1000).toFixed(1)} s)`,
  );
  for (const fault of faults) console.log(`     ${fault}`);
  return faults.length === 0;
}

async function main(words: readonly string[]): Promise<number> {
  if (!existsSync(executable)) throw new Error("dist/cupel is not built; run ./scripts/cupel version");
  if (Bun.which("qemu-system-x86_64") === null) throw new Error("qemu-system-x86_64 is not installed");
  let failed = 0;
  for (const name of chooseNames(words, listHosts())) {
    if (!(await visit(name, await loadHost(name), words.includes("--show")))) failed++;
  }
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`cupel: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
