import { expect, test } from "bun:test";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { decodeInstruction } from "../support/decode-instruction.ts";
import { plainBinding } from "../support/launch-program.ts";

test("says of a kernel of the job's own how it is called, and what of the root is around the job's", () => {
  const step = (destination: string) => ({ step: "directory", destination, mode: 0 }) as const;
  const guest = {
    program: "gvisor",
    command: ["/runsc", "run"],
    root: [step("/around")],
    startTimeoutMs: 9,
  } as const;
  const plan = barePlan(["a"], { root: [step("/own")], guest });
  const all = decodeInstruction(encodeInstruction(plan, plainBinding({ name: "cupel-1" })));
  const told = all.filter(([kind]) => ["makeDirectory", "around", "makerArgument", "makerStart"].includes(kind));
  expect(told).toEqual([
    ["makeDirectory", 0, "/own"],
    ["around"],
    ["makeDirectory", 0, "/around"],
    ["makerArgument", "/runsc"],
    ["makerArgument", "run"],
    ["makerArgument", "cupel-1"],
    ["makerStart", 9],
  ]);
  expect(() => encodeInstruction(plan, plainBinding())).toThrow("without its name");
});
