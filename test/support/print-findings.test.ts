import { expect, test } from "bun:test";
import type { Finding } from "../../src/model/capability.ts";
import { printFindings } from "./print-findings.ts";

function findingOf(summary: string, results: readonly string[], code?: "seccomp"): Finding {
  const evidence = results.map((result) => ({ action: "do it", result }));
  const blockers = code === undefined ? [] : [{ code, layer: "session" as const, detail: "a filter" }];
  return { state: "blocked", level: "exercised", summary, evidence, blockers, ruledOut: [] };
}

test("printFindings prints an end that an earlier finding has as well once, and tells of each line that differs", () => {
  const text = printFindings({
    first: findingOf("one", ["a", "b", "c", "d"], "seccomp"),
    same: findingOf("two", ["x", "b", "c", "d"], "seccomp"),
    short: findingOf("three", ["x", "d"], "seccomp"),
    other: findingOf("four", ["a", "b", "c", "d"]),
  });
  expect(text).toMatchInlineSnapshot(`
    "
    first: blocked (exercised)
      one
      | do it -> a
      | do it -> b
      | do it -> c
      | do it -> d
      ! seccomp: a filter
    same: blocked (exercised)
      two
      | do it -> x
      … the last 4 lines of first
    short: blocked (exercised)
      three
      | do it -> x
      | do it -> d
      ! seccomp: a filter
    other: blocked (exercised)
      four
      | do it -> a
      | do it -> b
      | do it -> c
      | do it -> d
    "
  `);
});
