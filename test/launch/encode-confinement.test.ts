import { describe, expect, test } from "bun:test";
import { confinedStart, encodeConfinement } from "../../src/launch/encode-confinement.ts";
import { InstructionWriter } from "../../src/launch/instruction-writer.ts";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { ConfinementPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { decodeInstruction } from "../support/decode-instruction.ts";
import { plainBinding } from "../support/launch-program.ts";

const confinement: ConfinementPlan = {
  rules: [
    { path: "/usr", access: "read", optional: true },
    { path: "/srv", access: "write", optional: false },
    { path: "/dev/null", access: "device", optional: true },
  ],
  scratch: { variables: { HOME: "home", TMPDIR: "tmp" } },
};
const plan = barePlan(["true"], { confinement, directory: "/srv", environment: { A: "1", TMPDIR: "/mine" } });
const binding = plainBinding({ scratch: "/s" });

describe("encodeConfinement", () => {
  test("has a record of each rule, and the job's own directory last", () =>
    expect(decodeInstruction(encodeInstruction(plan, binding)).filter(([kind]) => kind === "pathRule")).toEqual([
      ["pathRule", 4, "/usr"],
      ["pathRule", 1, "/srv"],
      ["pathRule", 6, "/dev/null"],
      ["pathRule", 1, "/s"],
    ]));

  test("writes nothing for a plan that confines nothing", () => {
    const writer = new InstructionWriter();
    encodeConfinement(writer, barePlan(["true"]), plainBinding());
    expect(writer.length).toBe(0);
  });

  test("cannot do without that directory", () =>
    expect(() => encodeInstruction(plan, plainBinding())).toThrow("without a directory of the job's own"));

  test("comes with the guard, which a plan that confines nothing has not", () => {
    const guards = [plan, barePlan(["true"])].map((one) =>
      decodeInstruction(encodeInstruction(one, binding)).filter(([kind]) => kind === "guard"),
    );
    expect(guards.map(({ length }) => length)).toEqual([1, 0]);
  });
});

describe("confinedStart", () => {
  test("names places in that directory, but for variables that the caller set", () =>
    expect(confinedStart(plan, binding)).toEqual({
      directory: "/srv",
      environment: { HOME: "/s/home", A: "1", TMPDIR: "/mine" },
    }));

  test("begins in it where the plan says so", () => {
    const empty = { ...plan, confinement: { ...confinement, scratch: { variables: {}, directory: "workspace" } } };
    expect(confinedStart(empty, binding).directory).toBe("/s/workspace");
  });

  test("is the plan's own where it confines nothing", () => {
    const plain = barePlan(["true"]);
    expect(confinedStart(plain, plainBinding())).toEqual({ directory: "/", environment: plain.environment });
  });
});
