/**
 * The truth table: each fabricated host changes what it has to, is named as the cause with its layer and remedy, and
 * changes nothing else. What is expected stands in test/fixtures/conditions.txt; UPDATE_TRUTH=1 writes it anew, to be read.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../src/model/capability.ts";
import { execute } from "../support/execute.ts";
import { conditionsFor, inCondition, type FabricatedCondition } from "../support/fabricated-conditions.ts";
import { clearStage, identities, setStage, type TestIdentity } from "../support/run-real-probes.ts";
import { differences, parseSections, parseTruth, printTruth, readTruth, type Truth } from "../support/truth-table.ts";

const goldenPath = fileURLToPath(new URL("../fixtures/conditions.txt", import.meta.url));
const isUpdate = process.env["UPDATE_TRUTH"] === "1";
const golden = parseSections(readFileSync(goldenPath, "utf8"));
const seen = new Map<string, string>();
// Not below /tmp, which some conditions cover.
const stage = await setStage("/var/tmp");

afterAll(() => {
  clearStage(stage);
  if (!isUpdate) return;
  writeFileSync(goldenPath, [...seen].map(([name, text]) => `[${name}]\n${text}\n`).join("\n"));
});

const usual: FabricatedCondition = { name: "nothing" };

async function probeUnder(condition: FabricatedCondition, identity: TestIdentity): Promise<Truth> {
  const programs = stage.directory.folder(`programs-${condition.name.replaceAll(/\W+/gu, "-")}`);
  for (const [name, script] of Object.entries(condition.programs ?? {}))
    stage.directory.file(`${programs.slice(stage.directory.path.length + 1)}/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
  const path = `${programs}:${process.env["PATH"] ?? ""}`;
  const words = [stage.bun, stage.script, stage.directory.at(identity)];
  const command = inCondition(condition, stage, identity, words);
  const ran = await execute(command, { cwd: "/", env: { ...condition.environment, PATH: path } });
  if (ran.code !== 0) throw new Error(`${command.join(" ")}: ${String(ran.code)}: ${ran.stderr}`);
  return readTruth(JSON.parse(ran.stdout) as Readonly<Record<string, Finding>>);
}

const usualTruth = new Map<TestIdentity, Truth>();
for (const identity of identities) usualTruth.set(identity, await probeUnder(usual, identity));

describe.each(identities)("as %s", (identity) => {
  const before = usualTruth.get(identity) ?? {};
  const works = (id: string): boolean => /^(?:works|degraded)/u.test(before[id] ?? "");

  test("the same host twice is the same", async () => {
    expect(differences(before, await probeUnder(usual, identity))).toEqual({});
  });

  test.each(conditionsFor(identity).map((row) => [row.name, row] as const))("%s", async (name, row) => {
    const changed = differences(before, await probeUnder(row, identity));
    const section = `${name}, as ${identity}`;
    seen.set(section, printTruth(changed));
    if (isUpdate) return;
    const expected = parseTruth(golden.get(section) ?? "");
    expect(golden.has(section)).toBe(true);
    // What does not work on this machine anyway need not be taken away by a condition, but may.
    const required = Object.fromEntries(Object.entries(expected).filter(([id]) => works(id) || id in changed));
    expect(printTruth(changed)).toBe(printTruth(required));
  });
});

test("every section of the table is a condition", () => {
  const names = identities.flatMap((identity) => conditionsFor(identity).map(({ name }) => `${name}, as ${identity}`));
  const known = [...golden.keys()].filter((section) => identities.some((one) => section.endsWith(`, as ${one}`)));
  expect(known.filter((section) => !names.includes(section))).toEqual([]);
});
