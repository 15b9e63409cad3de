/**
 * The truth table: each fabricated host changes what it has to, is named as the cause with its layer and remedy, and
 * changes nothing else. What is expected stands in test/fixtures/conditions.txt; UPDATE_TRUTH=1 writes it anew, to be read.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startDocker, usePodman, type ContainerEngine } from "../support/container-engines.ts";
import { execute, type Ran } from "../support/execute.ts";
import { conditionsFor, inCondition, type FabricatedCondition } from "../support/fabricated-conditions.ts";
import { installCupel } from "../support/run-cli.ts";
import type { Findings } from "../support/reported-findings.ts";
import { clearStage, giveTo, identities, setStage, strangerId, type TestIdentity } from "../support/run-real-probes.ts";
import { isRoot } from "../support/tester.ts";
import { differences, parseSections, parseTruth, printTruth, readTruth, type Truth } from "../support/truth-table.ts";

const goldenPath = fileURLToPath(new URL("../fixtures/conditions.txt", import.meta.url));
const isUpdate = process.env["UPDATE_TRUTH"] === "1";
const golden = parseSections(readFileSync(goldenPath, "utf8"));
const seen = new Map<string, string>();
// Not below /tmp, which some conditions cover.
const stage = await setStage("/var/tmp");

const cupel = installCupel();
const docker = isRoot ? await startDocker(stage.directory.path) : undefined;
const podman = isRoot ? usePodman(stage.directory.path) : undefined;
const engines = { docker: () => engineOf(docker), podman: () => engineOf(podman) };

function engineOf(engine: ContainerEngine | undefined): ContainerEngine {
  if (engine === undefined) throw new Error("only root starts containers here");
  return engine;
}

afterAll(async () => {
  await docker?.[Symbol.asyncDispose]();
  await podman?.[Symbol.asyncDispose]();
  clearStage(stage);
  if (!isUpdate) return;
  writeFileSync(goldenPath, [...seen].map(([name, text]) => `[${name}]\n${text}\n`).join("\n"));
});

const usual: FabricatedCondition = { name: "nothing" };

/** A fresh directory first in PATH, with the condition's own programs in it. */
function pathWith({ name, programs = {} }: FabricatedCondition): string {
  const folder = `programs-${name.replaceAll(/\W+/gu, "-")}`;
  for (const [program, script] of Object.entries(programs))
    stage.directory.file(`${folder}/${program}`, `#!/bin/sh\n${script}\n`, 0o755);
  return `${stage.directory.at(folder)}:${process.env["PATH"] ?? ""}`;
}

/** A copy that may be executed and not read. */
function unreadableBun(): string {
  const copy = stage.directory.at("unreadable-bun");
  if (!existsSync(copy)) copyFileSync(stage.bun, copy);
  chmodSync(copy, 0o711);
  return copy;
}

function runUnder(condition: FabricatedCondition, identity: TestIdentity, words: readonly string[]): Promise<Ran> {
  const state = { XDG_STATE_HOME: giveTo(identity, stage.directory.folder(`state-${identity}`, 0o700)) };
  const env = { ...state, ...condition.environment, PATH: pathWith(condition) };
  if (condition.container === undefined)
    return execute(inCondition(condition, stage, identity, words, cupel.path), { cwd: "/", env });
  const id = identity === "root" ? 0 : strangerId;
  const flags = ["--user", `${id}:${id}`, "--env", `PATH=${env.PATH}`];
  return engines[condition.container]().run(flags, words, "/");
}

async function probeUnder(condition: FabricatedCondition, identity: TestIdentity): Promise<Truth> {
  const bun = condition.unreadable === true ? unreadableBun() : stage.bun;
  const ran = await runUnder(condition, identity, [bun, stage.script, stage.directory.at(identity)]);
  if (ran.code !== 0) throw new Error(`${condition.name}: ${String(ran.code)}: ${ran.stderr}`);
  return readTruth(JSON.parse(ran.stdout) as Findings);
}

const usualTruth = new Map<TestIdentity, Truth>();
for (const identity of identities) usualTruth.set(identity, await probeUnder(usual, identity));

/** What is otherwise under a condition, and what should be. */
interface Comparison {
  readonly changed: string;
  readonly expected: string;
}

async function compare(condition: FabricatedCondition, identity: TestIdentity, text: string): Promise<Comparison> {
  const before = usualTruth.get(identity) ?? {};
  const changed = differences(before, await probeUnder(condition, identity));
  // What does not work on this machine anyway need not be taken away, but may be for another cause.
  const isUsable = (id: string): boolean => /^(?:works|degraded)/u.test(before[id] ?? "");
  const expected = Object.entries(parseTruth(text)).filter(([id]) => isUsable(id) || id in changed);
  return { changed: printTruth(changed), expected: printTruth(Object.fromEntries(expected)) };
}

/** Deadlines pass on a machine that others use as well: what looks different is measured again, without and with it. */
async function compareAgain(condition: FabricatedCondition, identity: TestIdentity, text: string): Promise<Comparison> {
  for (let attempt = 1; ; attempt++) {
    const comparison = await compare(condition, identity, text);
    if (comparison.changed === comparison.expected || attempt === 3) return comparison;
    usualTruth.set(identity, await probeUnder(usual, identity));
  }
}

describe.each(identities)("as %s", (identity) => {
  test("the same host twice is the same", async () => {
    expect(await compareAgain(usual, identity, "")).toEqual({ changed: "", expected: "" });
  });

  test.each(conditionsFor(identity).map((row) => [row.name, row] as const))(
    "%s",
    async (name, row) => {
      const section = `${name}, as ${identity}`;
      const { changed, expected } = await compareAgain(row, identity, golden.get(section) ?? "");
      seen.set(section, changed);
      if (isUpdate) return;
      expect(golden.has(section)).toBe(true);
      expect(changed).toBe(expected);
    },
    30_000,
  );
});

test("every section of the table is a condition", () => {
  const names = identities.flatMap((identity) => conditionsFor(identity).map(({ name }) => `${name}, as ${identity}`));
  const known = [...golden.keys()].filter((section) => identities.some((one) => section.endsWith(`, as ${one}`)));
  expect(known.filter((section) => !names.includes(section))).toEqual([]);
});
