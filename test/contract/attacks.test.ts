/** Every guarantee can be verified, and every attack of the catalogue is made or has a reason. */
import { describe, expect, test } from "bun:test";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import {
  allAttacks,
  attackSpecs,
  attacksLeftOut,
  chooseAttacks,
  countAttacks,
} from "../../src/verify/attack-catalogue.ts";
import { attackRules, unjudgedAttacks } from "../../src/verify/attack-rules.ts";
import { hostAttacks } from "../../src/verify/host-attacks.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything } from "../fixtures/matrices/standings.ts";

/** How many the catalogue holds in each group. */
const catalogue = { A: 24, B: 14, C: 14, D: 14, E: 20, F: 12, G: 16 };

describe("attacks", () => {
  test("are made, or are left out with a reason: the whole catalogue, each once", () => {
    const expected = Object.entries(catalogue).flatMap(([group, count]) =>
      Array.from({ length: count }, (_, index) => `${group}${String(index + 1).padStart(2, "0")}`),
    );
    expect([...allAttacks, ...attacksLeftOut].map(({ id }) => id).toSorted()).toEqual(expected);
    expect(attacksLeftOut.filter(({ reason }) => reason.length < 10)).toEqual([]);
  });

  test("there are on every guarantee, and on every one that a strategy keeps one that says most", () => {
    expect(countAttacks(allAttacks).filter(({ attacks }) => attacks === 0)).toEqual([]);
    const kept = new Set(
      strategies.flatMap((strategy) =>
        strategy.guarantees(jobOf(), rootEverything).flatMap(({ id, kept: isKept }) => (isKept ? [id] : [])),
      ),
    );
    const quick = [...attackSpecs, ...hostAttacks].flatMap(({ quickFor = [] }) => quickFor);
    expect([...kept].filter((id) => quick.filter((one) => one === id).length !== 1)).toEqual([]);
  });

  test("are told in a hurry by guarantees that they are about", () => {
    const strays = [...attackSpecs, ...hostAttacks].filter(({ guarantees, quickFor = [] }) =>
      quickFor.some((id) => !guarantees.includes(id)),
    );
    expect(strays.map(({ id }) => id)).toEqual([]);
  });

  test("have rules that are somebody's, and signs of guarantees that they are about", () => {
    const ids: readonly string[] = attackSpecs.map(({ id }) => id);
    expect(Object.keys(attackRules).filter((id) => !ids.includes(id))).toEqual([]);
    expect(Object.keys(unjudgedAttacks).filter((id) => ids.includes(id))).toEqual([]);
    const foreign = attackSpecs.filter(({ guarantees, signs = {} }) =>
      Object.keys(signs).some((id) => !guarantees.some((one) => one === id)),
    );
    expect(foreign.map(({ id }) => id)).toEqual([]);
  });

  test("without a control that everyone can make say why", () => {
    const silent = [...attackSpecs, ...hostAttacks].filter(
      ({ control }) => (control.by === "none" || control.by === "some") && control.reason === "",
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });
});

describe("chooseAttacks", () => {
  test("takes those on what is wanted, in a hurry the one that says most", () => {
    expect(chooseAttacks(attackSpecs, ["net.loopback"], false).map(({ id }) => id)).toEqual(["E20"]);
    expect(chooseAttacks(attackSpecs, ["fs.read"], true).map(({ id }) => id)).toEqual(["A01"]);
    expect(chooseAttacks(attackSpecs, ["fs.read"], false).length).toBeGreaterThan(10);
    expect(chooseAttacks([...attackSpecs, ...hostAttacks], guaranteeIds, false)).toHaveLength(allAttacks.length);
  });
});
