import { describe, expect, test } from "bun:test";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import { attackKeys } from "../../src/verify/attack-keys.ts";
import { attacks } from "../../src/verify/attacks.ts";
import { leftOutAttacks } from "../../src/verify/left-out-attacks.ts";

/** How many the catalogue holds in each group. */
const catalogue = { A: 24, B: 13, C: 14, D: 14, E: 20, F: 12, G: 16 };

function expectedIds(): string[] {
  return Object.entries(catalogue).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => `${group}${String(index + 1).padStart(2, "0")}`),
  );
}

describe("attacks", () => {
  test("and those that are left out are the whole catalogue, each once", () => {
    const ids = [...attacks, ...leftOutAttacks].map(({ id }) => id);
    expect(ids.toSorted()).toEqual(expectedIds().toSorted());
  });

  test("stand in order", () => {
    const ids = attacks.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
  });

  test("name guarantees, evidence and keys that there are, and every key is somebody's", () => {
    const keys = attacks.flatMap((one) => [...one.keys, ...one.optionalKeys]);
    expect(new Set(keys)).toEqual(new Set(Object.keys(attackKeys) as typeof keys));
    const guarantees: readonly string[] = guaranteeIds;
    const evidence = ["token", "change", "gained", "fact"];
    const wrong = attacks.filter(
      (one) =>
        !one.guarantees.every((id) => guarantees.includes(id)) ||
        !one.evidence.every((kind) => evidence.includes(kind)),
    );
    expect(wrong).toEqual([]);
  });

  test("without a control say why", () => {
    expect(attacks.filter(({ control, note }) => control === "none" && note === undefined)).toEqual([]);
  });
});
