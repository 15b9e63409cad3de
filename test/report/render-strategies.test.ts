import { describe, expect, test } from "bun:test";
import { renderStrategies } from "../../src/report/render-strategies.ts";
import type { ListedStrategy, StrategyList } from "../../src/report/strategy-list.ts";
import { expectTidy, plainStyle, styles } from "./printed-lines.ts";

const taken: ListedStrategy = {
  id: "namespaces",
  isolation: "namespace",
  rank: 10,
  summary: "namespaces and more",
  isTaken: true,
  available: true,
  guaranteesKept: 23,
  guaranteesTotal: 26,
  demandsNotKept: [],
  start: { state: "measured", runs: 10, medianMs: 5.254, minMs: 4.8 },
};

const list: StrategyList = {
  schema: 1,
  report: "r",
  strategies: [
    taken,
    {
      ...taken,
      id: "process",
      isolation: "process",
      isTaken: false,
      guaranteesKept: 5,
      demandsNotKept: ["fs.read", "net.none"],
      start: { state: "failed", because: "/bin/true could not be executed: ENOENT" },
    },
    {
      ...taken,
      id: "bubblewrap",
      isTaken: false,
      available: false,
      obstacle: {
        kind: "capability",
        capability: "program.bwrap",
        state: "blocked",
        blocker: { code: "lsm:apparmor", detail: "the profile bwrap denies user namespaces" },
      },
      start: { state: "not-measured" },
    },
    {
      ...taken,
      id: "machines",
      isTaken: false,
      available: false,
      obstacle: { kind: "trial", summary: "timeout" },
      start: { state: "not-measured" },
    },
    {
      ...taken,
      id: "others",
      isTaken: false,
      available: false,
      obstacle: { kind: "capability", capability: "kvm.run", state: "unknown" },
      start: { state: "not-measured" },
    },
  ],
};

describe("renderStrategies", () => {
  test("says of each whether it is here, what is in its way, what it keeps and what a start costs", () => {
    const kept = "    Keeps: 23 of 26 guarantees, all that are demanded among them.\n    Start: not measured.\n";
    expect(renderStrategies(list, plainStyle)).toBe(`Strategies, the preferred first:

[+] namespaces (class namespace): taken for a job without flags.
    Keeps: 23 of 26 guarantees, all that are demanded among them.
    Start: 5.25 ms, the median of 10 jobs; the fastest took 4.80 ms.
[!] process (class process): works here.
    Keeps: 5 of 26 guarantees, of those that are demanded not fs.read and
      net.none.
    Start: could not be measured: /bin/true could not be executed: ENOENT.
[x] bubblewrap (class namespace): not available.
    Because: it needs program.bwrap, which is blocked (lsm:apparmor): the
      profile bwrap denies user namespaces.
${kept}[x] machines (class namespace): not available.
    Because: it has not passed its trial: timeout.
${kept}[?] others (class namespace): not available.
    Because: it needs kvm.run, which is unknown.
${kept}`);
  });

  test("tells how to measure where something that is here was not measured", () => {
    const unmeasured = { ...list, strategies: [{ ...taken, start: { state: "not-measured" } as const }] };
    expect(renderStrategies(unmeasured, plainStyle)).toEndWith(
      "\n\nTo measure what a start costs: cupel strategies --measure\n",
    );
  });

  test.each([...styles, { ...plainStyle, columns: 16 }])("keeps to %p", (style) =>
    expectTidy(renderStrategies(list, style), style, []),
  );
});
