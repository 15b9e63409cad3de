import { expect, test } from "bun:test";
import type { AttackSpec } from "../../src/verify/attack-spec.ts";
import { planSittings } from "../../src/verify/sittings.ts";

function specOf(id: string, parts: Partial<AttackSpec> = {}): AttackSpec {
  const control = { by: "everyone" } as const;
  return { id, title: id, keys: [], optionalKeys: [], guarantees: ["fs.read"], evidence: ["token"], control, ...parts };
}

test("attacks share a sandbox that is asked for the same, and those sit alone that may end it or have legs", () => {
  const legs = { keys: [{}, {}], isTogether: false };
  const sittings = planSittings([
    specOf("A01"),
    specOf("D01", { wishes: { pids: 40 } }),
    specOf("A02"),
    specOf("D02", { wishes: { pids: 40 } }),
    specOf("D03", { wishes: { memoryBytes: 1 }, isEndHeld: true }),
    specOf("D04", { wishes: { memoryBytes: 1 }, isEndHeld: true }),
    specOf("E20", { legs }),
  ]);
  expect(sittings.map(({ attacks, wishes }) => [attacks.map(({ id }) => id).join(" "), wishes])).toEqual([
    ["A01 A02", {}],
    ["D01 D02", { pids: 40 }],
    ["D03", { memoryBytes: 1 }],
    ["D04", { memoryBytes: 1 }],
    ["E20", {}],
  ]);
});
