import { expect, test } from "bun:test";
import { deniedActs } from "../../src/run/denied-acts.ts";

const exited = { cause: { code: "exit", summary: "it exited", evidence: [] } } as const;

test("deniedActs counts what was counted", () =>
  expect(
    deniedActs({
      ending: { cause: { ...exited.cause, code: "system-call" } },
      controlGroups: { outOfMemoryKills: 1, refusedForks: 2, evidence: [] },
      network: { isCutOff: false, allowed: 0, denied: 3, denials: [] },
    }),
  ).toEqual([
    { kind: "connection", by: "the list of destinations", count: 3 },
    { kind: "process", by: "the cap on processes", count: 2 },
    { kind: "memory", by: "the cap on memory", count: 1 },
    { kind: "system-call", by: "the filter on system calls", count: 1 },
  ]));

test("deniedActs says nothing of what was not", () =>
  expect(deniedActs({ ending: exited, controlGroups: undefined })).toEqual([]));
