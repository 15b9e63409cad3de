import { describe, expect, test } from "bun:test";
import { inProcess } from "../../test/hosts/shared/verdicts.ts";
import { blockedNamespaces } from "../../test/fixtures/reports/blocked-namespaces.ts";
import type { BootResult, StepResult } from "./boot.ts";
import { renderInit } from "./guest.ts";
import { judgeHost, stepsOf } from "./judge.ts";
import { defineHost, type Verdicts } from "./lab-host.ts";

const remedy = blockedNamespaces.remedies.find(({ commands }) => commands.length > 0);
if (remedy === undefined) throw new Error("the fixture proposes no commands");

const denied = blockedNamespaces.capabilities.find(({ blockers }) => blockers.length === 1);
if (denied === undefined) throw new Error("the fixture has nothing with one cause");

const host = defineHost({
  title: "a fixture",
  kernel: "debian-12",
  setUp: "echo set-up",
  userSession: "echo session",
  truth: {
    user: {
      capabilities: { [denied.id]: `blocked: ${denied.blockers[0]?.code ?? ""}` },
      chosen: null,
      doctor: 1,
      verdicts: inProcess,
      commands: { "cupel version": 0 },
    },
  },
  remedies: [
    {
      caller: "user",
      capability: remedy.capability,
      remedy: remedy.id,
      commands: remedy.commands.map((line) => line.replaceAll("sudo ", "")),
      undo: remedy.undo.map((line) => line.replaceAll("sudo ", "")),
      after: { [denied.id]: "works" },
    },
  ],
});

const ended = (code: number, output = ""): StepResult => ({ code, output, errors: "why" });

const healed = {
  ...blockedNamespaces,
  capabilities: blockedNamespaces.capabilities.map((one) => ({ ...one, state: "works", blockers: [] })),
};

/** What `cupel verify --json` writes, as far as it is looked at. */
function verification(verdicts: Readonly<Partial<Verdicts>>): string {
  const guarantees = Object.entries(verdicts).map(([id, state]) => ({ id, state, because: "seen" }));
  return JSON.stringify({ subjects: [{ name: "process", guarantees }] });
}

const sound: BootResult = {
  steps: {
    "user-doctor": ended(1, JSON.stringify(blockedNamespaces)),
    "user-run": ended(125),
    "user-command-0": ended(0),
    "user-verify": ended(0, verification(inProcess)),
    "remedy-0": ended(0),
    "remedy-0-doctor": ended(0, JSON.stringify(healed)),
    "undo-0": ended(0),
    "undo-0-doctor": ended(1, JSON.stringify(blockedNamespaces)),
  },
  isOver: true,
  console: "",
  durationMs: 1,
};

function judge(steps: Partial<Record<string, StepResult>>, parts: Partial<BootResult> = {}): string[] {
  return judgeHost(host, { ...sound, ...parts, steps: { ...sound.steps, ...steps } as BootResult["steps"] });
}

describe("judgeHost", () => {
  test("has nothing to say where all is as it should be", () => {
    expect(judge({})).toEqual([]);
  });

  test.each([
    [
      "another state",
      { "user-doctor": ended(1, JSON.stringify({ ...blockedNamespaces, capabilities: [] })) },
      "not in the report",
    ],
    [
      "another exit code",
      { "user-doctor": ended(0, JSON.stringify(blockedNamespaces)) },
      "cupel doctor ended with 0, not 1",
    ],
    ["a job that ran", { "user-run": ended(0) }, "cupel run ended with 0, not 125: why"],
    ["no report", { "user-doctor": ended(70) }, "the doctor gave no report: why"],
    ["a further command", { "user-command-0": ended(64) }, "cupel version ended with 64, not 0"],
    ["a remedy that fails", { "remedy-0": ended(1) }, `remedy ${remedy.id} ended with 1`],
    [
      "a remedy that changes nothing",
      { "remedy-0-doctor": ended(1, JSON.stringify(blockedNamespaces)) },
      `after ${remedy.id}: ${denied.id}`,
    ],
    [
      "an undo that changes nothing",
      { "undo-0-doctor": ended(0, JSON.stringify(healed)) },
      `after undo of ${remedy.id}: ${remedy.capability}`,
    ],
    [
      "another verdict",
      { "user-verify": ended(1, verification({ ...inProcess, "env.clean": "broken" })) },
      "user: env.clean is broken, not held (seen)",
    ],
    ["a guarantee without one", { "user-verify": ended(0, verification({})) }, "fs.read is not told of"],
    ["attacks that could not be made", { "user-verify": ended(70) }, "user: cupel verify told nothing: why"],
  ])("tells of %s", (_, steps, expected) => {
    expect(judge(steps).join("\n")).toContain(expected);
  });

  test("of a boot without an end shows the console", () =>
    expect(judge({}, { isOver: false, console: "Kernel panic" })).toEqual([
      "it did not come to its end in 0 s: Kernel panic",
    ]));
});

test("the user's session comes before its steps, and remedies after all that they change", () => {
  const lines = renderInit(host, stepsOf(host, true)).split("\n");
  const places = [
    "echo set-up",
    "echo session",
    "report user-doctor",
    "report user-command-0",
    "report user-verify",
    "report remedy-0 root",
    "report remedy-0-doctor user",
    "report undo-0-doctor user",
  ];
  const order = places.map((start) => lines.findIndex((line) => line.startsWith(start)));
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(order).not.toContain(-1);
});
