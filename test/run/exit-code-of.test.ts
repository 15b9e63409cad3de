import { expect, test } from "bun:test";
import type { OutcomeStatus } from "../../src/model/ending.ts";
import { exitCodeOf } from "../../src/run/exit-code-of.ts";

test("the exit code of a job without a code or a signal is one of a few", () => {
  const codes: readonly (readonly [OutcomeStatus, number])[] = [
    ["refused", 125],
    ["setup-failed", 125],
    ["cancelled", 125],
    ["timeout-wall", 124],
    ["timeout-cpu", 124],
    ["timeout-idle", 124],
    ["out-of-memory", 137],
    ["limit-output", 137],
  ];
  const cause = { code: "exit", summary: "", evidence: [] } as const;
  expect(codes.map(([status]) => [status, exitCodeOf({ status, cause })])).toEqual(codes.map((row) => [...row]));
});

test("caps on time and on output have codes of their own, whatever the job's was", () => {
  const cause = { code: "exit", summary: "", evidence: [] } as const;
  const statuses: readonly OutcomeStatus[] = [
    "timeout-wall",
    "timeout-cpu",
    "timeout-idle",
    "limit-output",
    "limit-pids",
  ];
  expect(statuses.map((status) => exitCodeOf({ status, cause, code: 5 }))).toEqual([124, 124, 124, 137, 5]);
});
