/**
 * The host lab: boots real kernels in QEMU, runs the real executable inside, and compares what it says with what is
 * true there. Arguments: names of hosts, `--all`, or nothing for the default set; `--show` prints what cupel said.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bootHost, type BootResult } from "./hosts/boot.ts";
import { defaultHosts } from "./hosts/default-hosts.ts";
import { emulators } from "./hosts/emulator.ts";
import { judgeHost, stepsOf } from "./hosts/judge.ts";
import { obtainPrograms } from "./hosts/lab-executable.ts";
import type { LabHost } from "./hosts/lab-host.ts";
import { listHosts, loadHost } from "./hosts/list-hosts.ts";
import { obtainKernel } from "./hosts/packages.ts";
import { repositoryRoot } from "./source/repository.ts";

const executable = join(repositoryRoot, "dist/cupel");

function chooseNames(words: readonly string[]): string[] {
  const named = words.filter((word) => !word.startsWith("--"));
  if (words.includes("--all")) return listHosts();
  return named.length > 0 ? named : [...defaultHosts];
}

function show(name: string, { steps, console: shown }: BootResult): void {
  for (const [step, { code, output, errors }] of Object.entries(steps)) {
    console.log(`--- ${name} ${step}: ${code}\n${output}${errors}`);
  }
  console.log(`--- ${name} console\n${shown}`);
}

async function visit(name: string, host: LabHost, isShown: boolean): Promise<boolean> {
  const { architecture = "x64" } = host;
  const { program, package: found } = emulators[architecture];
  if (Bun.which(program) === null) throw new Error(`${program} is not installed (Debian: apt-get install ${found})`);
  const boot = await bootHost(host, obtainKernel(host.kernel, architecture), obtainPrograms(host), stepsOf(host));
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
  let failed = 0;
  for (const name of chooseNames(words)) {
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
