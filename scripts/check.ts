/**
 * Runs every check and then the tests; ends with `N passed, N failed`, where N counts checks and single tests.
 * Arguments go to `bun test`; `--hosts` is the host lab alone. With MUST_WORK=1 whatever was skipped has failed.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { inParallel } from "../src/verify/in-parallel.ts";
import { guestsAtOnce } from "./hosts/emulator.ts";
import { listHosts } from "./hosts/list-hosts.ts";
import { listHostSteps, listSteps, type CheckStep } from "./check/steps.ts";
import { strategySteps } from "./check/strategy-suites.ts";
import { groupTests } from "./check/test-groups.ts";
import { readTestReport } from "./check/test-report.ts";
import { listFiles, readIfThere, repositoryRoot } from "./source/repository.ts";

/** What reads sources alone; each of them has more than one thread of its own. */
const checksAtOnce = 2;

/** Suites in strategies: what each looks for is its own. */
const suitesAtOnce = 2;

const mustWork = process.env["MUST_WORK"] === "1";

interface Tally {
  passed: number;
  failed: number;
}

interface CommandResult {
  readonly code: number;
  readonly output: string;
  readonly durationMs: number;
}

async function runCommand(
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const startedMs = performance.now();
  const child = Bun.spawn([...command], {
    cwd: repositoryRoot,
    env: { ...process.env, ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [printed, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: printed + complaints, durationMs: performance.now() - startedMs };
}

function printLine(verdict: "ok" | "FAIL" | "skip", name: string, durationMs: number): void {
  console.log(`${verdict.padEnd(4)} ${name} (${(durationMs / 1000).toFixed(1)} s)`);
}

/** What runs beside the tests has the processors for whatever those leave of them: they wait half of their time. */
const politely = ["nice", "-n", "19"];

async function runStep(step: CheckStep, tally: Tally): Promise<void> {
  const isMissing = step.needs !== undefined && Bun.which(step.needs) === null;
  const lack = isMissing ? `${step.needs} is not installed` : step.lacks;
  if (lack !== undefined) {
    console.log(`${mustWork ? "FAIL" : "skip"} ${step.name}: ${lack}`);
    if (mustWork) tally.failed += 1;
    return;
  }
  const command = step.isBesideTests === true ? [...politely, ...step.command] : step.command;
  const { code, output, durationMs } = await runCommand(command, { NO_COLOR: "1", ...step.environment });
  printLine(code === 0 ? "ok" : "FAIL", step.name, durationMs);
  if (code === 0) {
    tally.passed += 1;
  } else {
    tally.failed += 1;
    console.log(output.trimEnd());
  }
}

/** Command lines of `bun test` know no --filter; it means a pattern of test names. */
function testArguments(given: readonly string[]): string[] {
  return given.map((word) => word.replace(/^--filter(?==|$)/, "--test-name-pattern"));
}

/** One run of `bun test`; `name` tells it from others at once. */
async function runTests(name: string, given: readonly string[], tally: Tally): Promise<void> {
  const junitPath = join(repositoryRoot, `dist/${name.replaceAll(" ", "-")}.xml`);
  rmSync(junitPath, { force: true });
  const { code, output, durationMs } = await runCommand([
    process.execPath,
    "test",
    "--only-failures",
    "--timeout=60000",
    "--reporter=junit",
    `--reporter-outfile=${junitPath}`,
    ...testArguments(given),
  ]);
  const report = readTestReport({ junit: readIfThere(junitPath), printed: output, exitCode: code });
  printLine(report.failed === 0 ? "ok" : "FAIL", name, durationMs);
  for (const title of report.failures) console.log(`     ${title}`);
  if (report.failed > 0) console.log(output.trimEnd());
  for (const title of report.skipped) console.log(`${mustWork ? "FAIL" : "skip"} ${title}`);
  tally.passed += report.passed;
  tally.failed += report.failed + (mustWork ? report.skipped.length : 0);
}

/** All tests, in two runs at once; files are named by a path that matches no other one. */
async function runAllTests(tally: Tally): Promise<void> {
  const [wholeMachine, others] = groupTests(listFiles(["{test,scripts}/**/*.test.ts"])).map((files) =>
    files.map((file) => `./${file}`),
  );
  await Promise.all([
    runTests("tests of the whole machine", wholeMachine ?? [], tally),
    runTests("other tests", others ?? [], tally),
  ]);
}

/** `--hosts`, `--hosts=all`, `--hosts=NAME,…`: the host lab and nothing else; undefined without it. @throws Error on a name that no host has. */
async function readHosts(given: readonly string[]): Promise<CheckStep[] | undefined> {
  const flag = given.find((word) => word === "--hosts" || word.startsWith("--hosts="));
  if (flag === undefined) return undefined;
  const names = flag
    .slice("--hosts=".length)
    .split(",")
    .filter((name) => name !== "");
  if (names.length === 0) return listHostSteps();
  return listHostSteps(names.includes("all") ? listHosts() : names);
}

const tally: Tally = { passed: 0, failed: 0 };
const given = process.argv.slice(2);
const hosts = await readHosts(given).catch((error: unknown) => {
  console.error(`cupel: ${error instanceof Error ? error.message : String(error)}`);
  return process.exit(1);
});
/** Some of them at once. */
async function runSteps(steps: readonly CheckStep[], most: number): Promise<void> {
  await inParallel(
    steps.map((step) => () => runStep(step, tally)),
    most,
  );
}

if (hosts === undefined) {
  const steps = listSteps();
  // Tests that were asked for by name are asked for alone.
  const isWhole = given.length === 0;
  const boots = isWhole ? await listHostSteps() : [];
  await runSteps(
    steps.filter((step) => step.isBesideTests !== true),
    checksAtOnce,
  );
  const beside = [...steps, ...boots].filter((step) => step.isBesideTests === true);
  const tests = isWhole ? runAllTests(tally) : runTests("tests", given, tally);
  await Promise.all([tests, runSteps(beside, guestsAtOnce)]);
  if (isWhole) await runSteps(await strategySteps(), suitesAtOnce);
} else {
  await runSteps(hosts, guestsAtOnce);
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed === 0 ? 0 : 1;
