import { describe, expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import type { SubjectResult, VerifiedSet } from "../../src/model/verification.ts";
import {
  loadVerifiedSets,
  mergeSets,
  parseSavedVerification,
  saveVerifiedSets,
  verifiedSetOf,
} from "../../src/report/saved-verification.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;
const parts = { kernel: "6.1", user: "1000" };

function setOf(...guarantees: VerifiedSet["guarantees"]): VerifiedSet {
  return { strategy: "namespaces", mechanisms: "network=none", guarantees };
}

const held = { id: "fs.read", state: "held", depth: "full", attack: "" } as const;
const broken = { id: "net.none", state: "broken", depth: "full", attack: "E01" } as const;

describe("what was verified", () => {
  test("is saved for its owner alone, and is there again under the same fingerprint and no other", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    expect(loadVerifiedSets([state], uid, parts)).toEqual({ sets: [] });
    expect(saveVerifiedSets([setOf(held, broken)], [state], uid, parts)).toBeUndefined();
    expect(statSync(`${state}/verification.json`).mode & 0o777).toBe(0o600);
    expect(loadVerifiedSets([state], uid, parts)).toEqual({ sets: [setOf(held, broken)] });
    expect(loadVerifiedSets([state], uid, { ...parts, kernel: "6.2" }).sets).toEqual([]);
  });

  test("is nothing where the file is none of cupel's, and that is said", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    saveVerifiedSets([], [state], uid, parts);
    writeFileSync(`${state}/verification.json`, '{"schema":1}');
    const { sets, reason } = loadVerifiedSets([state], uid, parts);
    expect([sets, reason !== undefined]).toEqual([[], true]);
    expect(parseSavedVerification({ schema: 1, fingerprintParts: {}, sets: [], more: 1 }).ok).toBe(false);
  });

  test("could not be saved where there is no place", () =>
    expect(saveVerifiedSets([], [], uid, parts)).toBe("there is no place for it"));
});

test("a result says for later what was told alone", () => {
  const guarantee = { attacks: 1, brokenBy: [], because: "" };
  const subject: SubjectResult = {
    kind: "strategy",
    name: "namespaces",
    mechanisms: "network=none",
    durationMs: 1,
    attacks: [],
    guarantees: [
      { ...guarantee, id: "fs.read", state: "held" },
      { ...guarantee, id: "net.none", state: "broken", brokenBy: ["E01", "E02"] },
      { ...guarantee, id: "limit.disk", state: "not-provided", brokenBy: ["A23"] },
      { ...guarantee, id: "priv.devices", state: "unknown" },
    ],
  };
  expect(verifiedSetOf(subject, "full")).toEqual(setOf(held, broken));
});

describe("mergeSets", () => {
  test("keeps other sandboxes, and what was not attacked this time", () => {
    const other = { ...setOf(broken), mechanisms: "network=host" };
    const now = setOf({ ...held, id: "proc.tree" });
    expect(mergeSets([setOf(held), other], now, [])).toEqual([other, setOf(held, ...now.guarantees)]);
  });

  test("lets a quick look take back nothing that a thorough one broke, and a thorough one everything", () => {
    const quick = { ...broken, state: "held", depth: "quick", attack: "" } as const;
    expect(mergeSets([setOf(broken)], setOf(quick), [])).toEqual([setOf(broken)]);
    const whole = { ...quick, depth: "full" } as const;
    expect(mergeSets([setOf(broken)], setOf(whole), [])).toEqual([setOf(whole)]);
    expect(mergeSets([setOf(whole)], setOf({ ...broken, depth: "quick" }), [])).toEqual([
      setOf({ ...broken, depth: "quick" }),
    ]);
  });

  test("forgets what could not be told any more", () =>
    expect(mergeSets([setOf(held, broken)], setOf(), ["net.none"])).toEqual([setOf(held)]));
});
