import { describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { StartCost } from "../../src/model/start-cost.ts";
import { loadStartCosts, parseSavedStartCosts, saveStartCosts } from "../../src/report/saved-start-costs.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;
const parts = { kernel: "6.1", user: "1000" };
const costs: readonly StartCost[] = [{ strategy: "namespaces", runs: 10, medianUs: 5200, minUs: 4800 }];

describe("what starts cost", () => {
  test("is saved for its owner alone, and is there again under the same fingerprint and no other", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    expect(loadStartCosts([state], uid, parts)).toEqual({ costs: [] });
    expect(saveStartCosts(costs, [state], uid, parts)).toBeUndefined();
    expect(statSync(`${state}/start-costs.json`).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(`${state}/start-costs.json`, "utf8"))).toEqual({
      schema: 1,
      fingerprintParts: parts,
      costs,
    });
    expect(loadStartCosts([state], uid, parts)).toEqual({ costs });
    expect(loadStartCosts([state], uid, { ...parts, kernel: "6.2" })).toEqual({ costs: [] });
  });

  test("is nothing where the file is none of cupel's, and that is said", () => {
    using directory = makeTempDir();
    const state = directory.at("state");
    saveStartCosts(costs, [state], uid, parts);
    writeFileSync(`${state}/start-costs.json`, '{"schema":1}');
    expect(loadStartCosts([state], uid, parts)).toEqual({
      costs: [],
      reason: `${state}/start-costs.json is not used: it is of another version (fingerprintParts: is missing)`,
    });
  });

  test("could not be saved where there is no place", () =>
    expect(saveStartCosts(costs, [], uid, parts)).toBe("there is no place for it"));

  test.each([
    [{ more: 1 }, "more: is not known"],
    [{ costs: [{ ...costs[0], medianUs: 1.5 }] }, "costs.0.medianUs: is no whole number"],
    [{ schema: 2 }, "schema: is not known"],
  ])("is refused with %j", (wrong, problem) =>
    expect(parseSavedStartCosts({ schema: 1, fingerprintParts: parts, costs, ...wrong })).toEqual({
      ok: false,
      problem,
    }),
  );
});
