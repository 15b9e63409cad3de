import { describe, expect, test } from "bun:test";
import type { Outcome } from "../../src/model/outcome.ts";
import { describeAge, renderRun, renderRunList, type ShownRun } from "../../src/report/render-runs.ts";
import { displayWidth } from "../../src/report/wrap-text.ts";

const outcome: Outcome = {
  schema: 2,
  run: "k3f9x2",
  status: "ok",
  cause: { code: "exit", summary: "the job exited with 0", evidence: [{ action: "launcher: ended", result: "{}" }] },
  exitCode: 0,
  strategy: "namespaces",
  guarantees: [
    { id: "net.none", kept: true, mechanism: "a namespace", capabilities: [] },
    { id: "kernel.boundary", kept: false, reason: "no machine" },
  ],
  accepted: [],
  degraded: [{ id: "limit.memory", reason: "no group" }],
  denied: [{ kind: "process", by: "the cap on processes", count: 2 }],
  limits: [],
  usage: {
    wallMs: 1234,
    userMs: 10,
    systemMs: 5,
    maxRssBytes: 4096,
    tree: { peakMemoryBytes: 8192, peakPids: 3 },
    blocks: { readBytes: 0, writtenBytes: 1024 },
  },
  output: [{ stream: "stdout", bytes: 12, isTruncated: false }],
  workspace: {
    manner: "overlay",
    changes: { added: 1, modified: 0, deleted: 0, "type-changed": 0, "mode-changed": 0, sizeBytes: 3 },
    id: "k3f9x2",
    isApplied: false,
  },
  artifacts: {
    directory: "/out",
    files: [{ path: "a", bytes: 3, sha256: "0" }],
    refused: [],
    refusedCount: 0,
    missing: ["*.o"],
  },
};

const one: ShownRun = {
  id: "k3f9x2",
  startedAt: "2026-01-01T00:00:00.000Z",
  command: ["make", "all the tests", "one", "two", "three", "four", "five", "six\u001b[31m"],
  directory: "/w",
  outcome,
  keptOutput: { output: { bytes: 1024, cutBytes: 1024 }, errors: { bytes: 0, cutBytes: 0 } },
};
const refused: ShownRun = {
  ...one,
  id: "aaaaaa",
  command: ["true"],
  outcome: { ...outcome, status: "refused", strategy: undefined, usage: undefined },
};
const nowMs = Date.parse("2026-01-01T03:00:00.000Z");
const list = (columns: number, isWide = false, unreadable = 0): string =>
  renderRunList([one, refused], unreadable, { nowMs, style: { columns, color: false, unicode: true }, isWide });

const deniedRun: ShownRun = { ...one, outcome: { ...outcome, status: "denied-syscall" } };
const denied = (columns: number): string =>
  renderRunList([deniedRun], 0, { nowMs, style: { columns, color: false, unicode: true }, isWide: false });
const whole = { style: { columns: 40, color: false, unicode: true }, isWide: true };

describe("renderRunList", () => {
  test("is a table", () =>
    expect(list(80)).toBe(
      [
        "ID      STARTED  STATUS   TIME   STRATEGY    COMMAND",
        "k3f9x2  3 h ago  ok       1.2 s  namespaces  make 'all the tests' one two three…",
        "aaaaaa  3 h ago  refused  -      -           true",
        "",
      ].join("\n"),
    ));

  test("shortens nothing for a program that reads it, and makes every letter harmless", () =>
    expect(list(20, true, 2).split("\n").slice(1)).toEqual([
      String.raw`k3f9x2  3 h ago  ok       1.2 s  namespaces  make 'all the tests' one two three four five $'six\033[31m'`,
      "aaaaaa  3 h ago  refused  -      -           true",
      "2 records cannot be read: cut short, or of another version",
      "",
    ]));

  test.each([20, 30, 40, 50, 60, 72, 100])("fits %d columns", (columns) =>
    expect(
      `${list(columns, false, 2)}${denied(columns)}`.split("\n").filter((line) => displayWidth(line) > columns),
    ).toEqual([]),
  );

  test("goes without what there is no room for", () =>
    expect([40, 50, 60, 72].map((columns) => list(columns).split("\n")[0])).toEqual([
      "ID      STATUS   COMMAND",
      "ID      STARTED  STATUS   COMMAND",
      "ID      STARTED  STATUS   TIME   COMMAND",
      "ID      STARTED  STATUS   TIME   STRATEGY    COMMAND",
    ]));

  test("goes without the status where a long one leaves no room", () =>
    expect(denied(30)).toBe("ID      COMMAND\nk3f9x2  make 'all the tests' …\n"));

  test("says that there is nothing", () =>
    expect(renderRunList([], 0, { nowMs, style: { columns: 80, color: false, unicode: true }, isWide: false })).toBe(
      "runs: nothing is recorded\n",
    ));
});

test("renderRun says all that is known", () =>
  expect(renderRun(one, whole).split("\n")).toEqual([
    "run        k3f9x2: ok: the job exited with 0; exit code 0",
    String.raw`command    make 'all the tests' one two three four five $'six\033[31m'`,
    "directory  /w",
    "started    2026-01-01T00:00:00.000Z, took 1.2 s",
    "strategy   namespaces",
    "kept       net.none",
    "degraded   limit.memory: no group",
    "denied     process, by the cap on processes: 2",
    "used       CPU 15 ms, memory 8 KiB",
    "used       3 processes",
    "used       disk: 0 bytes read, 1 KiB written",
    "used       stdout 12 bytes",
    "changes    1 path added (3 bytes), kept when it ended: cupel changes k3f9x2",
    'artifacts  1 artifact (3 bytes) in /out; nothing was collected for "*.o"',
    "wrote      output: 1 KiB kept, the first of 2 KiB: cupel runs show k3f9x2 --output",
    "wrote      errors: 0 bytes kept",
    "evidence   launcher: ended: {}",
    "",
  ]));

test("renderRun fits a terminal, but for the command", () => {
  const lines = renderRun(one, { ...whole, isWide: false }).split("\n");
  expect(lines.filter((line) => displayWidth(line) > 40)).toEqual([expect.stringMatching(/^command {4}make/)]);
  expect(lines.slice(-8)).toEqual([
    "artifacts  1 artifact (3 bytes) in /out;",
    '    nothing was collected for "*.o"',
    "wrote      output: 1 KiB kept, the first",
    "    of 2 KiB: cupel runs show k3f9x2",
    "    --output",
    "wrote      errors: 0 bytes kept",
    "evidence   launcher: ended: {}",
    "",
  ]);
});

test.each([
  [-5, "0 s ago"],
  [59_999, "59 s ago"],
  [60_000, "1 min ago"],
  [7_200_000, "2 h ago"],
  [172_800_000, "2 days ago"],
])("%d ms are %s", (milliseconds, words) => expect(describeAge(milliseconds)).toBe(words));
