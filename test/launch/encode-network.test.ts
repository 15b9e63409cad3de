/** How the launcher is told what leads into a job's network and out of it. */
import { expect, test } from "bun:test";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { LaunchBinding } from "../../src/launch/launch-binding.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { decodeInstruction } from "../support/decode-instruction.ts";

const binding: LaunchBinding = {
  outside: { uid: 1001, gid: 1002 },
  controlGroups: [],
  rehearsal: false,
  architecture: "x64",
};

function recordsOf(kind: string, parts: Partial<LauncherPlan>, own: Partial<LaunchBinding> = {}): unknown[][] {
  const records = decodeInstruction(encodeInstruction(barePlan(["a"], parts), { ...binding, ...own }));
  return records.flatMap(([name, ...fields]) => (name === kind ? [fields] : []));
}

test("which ports lead to the job, unless it is a rehearsal", () => {
  const address = { version: 4, bytes: [127, 0, 0, 2] } as const;
  const plan = { publish: [{ address, port: 0, jobPort: 65_535 }] };
  expect([recordsOf("publish", plan), recordsOf("publish", plan, { rehearsal: true })]).toEqual([
    [[Uint8Array.of(127, 0, 0, 2), 0, 65_535]],
    [],
  ]);
});

test("where a proxy waits and which ports lead to it, unless it is a rehearsal, which has none", () => {
  const plan = { proxy: { httpPort: 2 ** 16 - 1, socksPort: 1024, allow: ["b.example"] } };
  expect(recordsOf("proxy", plan, { proxy: "/run/proxy" })).toEqual([["/run/proxy", 65_535, 1024]]);
  expect([recordsOf("proxy", plan), recordsOf("proxy", {}, { proxy: "/run/proxy" })]).toEqual([[], []]);
});

test("at which ports every address is listened on, where there is a proxy to take them to", () => {
  const proxy = { httpPort: 1025, socksPort: 1024, directPorts: [53, 443], allow: ["b.example:443"] };
  expect([recordsOf("direct", { proxy }, { proxy: "/run/proxy" }), recordsOf("direct", { proxy })]).toEqual([
    [[Uint8Array.of(53, 0, 0, 0, 187, 1, 0, 0)]],
    [],
  ]);
  const told = { ...proxy, directPorts: undefined };
  expect(recordsOf("direct", { proxy: told }, { proxy: "/run/proxy" })).toEqual([]);
});
