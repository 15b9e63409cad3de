import { describe, expect, test } from "bun:test";
import type { Report } from "../../src/model/report.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { parseReport } from "../../src/report/report-schema.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { nothingKnown } from "../fixtures/reports/nothing-known.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { allMatrices } from "../fixtures/matrices/matrix.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const fixtures = { blockedNamespaces, firecrackerRoot, nothingKnown, perfectHost };

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** Every object in a value, with the way to it. */
function objectsIn(value: Json, path = ""): [path: string, object: Record<string, Json>][] {
  if (Array.isArray(value)) return value.flatMap((one, index) => objectsIn(one, `${path}.${index}`));
  if (value === null || typeof value !== "object") return [];
  const inner = Object.entries(value).flatMap(([name, one]) => objectsIn(one, `${path}.${name}`));
  return [[path.slice(1), value], ...inner];
}

/** Objects whose keys are names of the host's, not of ours. */
const open = ["fingerprintParts"];

describe("parseReport", () => {
  test.each(Object.entries(fixtures))("reads %s back from its JSON, whole", (_, report: Report) =>
    expect(parseReport(toJson(report))).toEqual({ ok: true, value: report }),
  );

  test.each(Object.keys(allMatrices) as (keyof typeof allMatrices)[])("reads what buildReport makes of %s", (name) => {
    const hard = jobOf({ demands: demands({ required: ["kernel.boundary", "limit.memory"], minimum: "vm" }) });
    for (const defaultJob of [jobOf(), hard, jobOf({ demands: demands({ strategy: "process" }) })]) {
      const report = buildReport({
        host: createFixtureHost({ uid: 1000 }),
        isWhole: true,
        skipped: [],
        matrix: allMatrices[name],
        trials: strategies.map(({ id }, index) => ({
          strategy: id,
          result: (["passed", "failed", "unknown"] as const)[index % 3] ?? "passed",
          summary: "s",
          evidence: [{ action: "a", result: "r" }],
          durationMs: 1.5,
        })),
        strategies,
        defaultJob,
        fingerprintParts: { boot: "b" },
        durationMs: 12.25,
      });
      const parsed = parseReport(toJson(report));
      expect(parsed.ok ? "" : parsed.problem).toBe("");
      expect(parsed.ok && toJson(parsed.value)).toEqual(toJson(report) as never);
    }
  });

  test("refuses a field that it does not know, in every object of a report", () => {
    const whole = toJson(firecrackerRoot);
    const paths = objectsIn(whole).filter(([path]) => !open.includes(path));
    expect(paths.length).toBeGreaterThan(50);
    for (const [path, object] of paths) {
      object["added"] = 1;
      const parsed = parseReport(whole);
      delete object["added"];
      expect([path, parsed.ok]).toEqual([path, false]);
    }
    expect(parseReport(whole).ok).toBeTrue();
  });

  test("refuses a report that lacks a field, each in turn", () => {
    const whole = toJson(perfectHost) as Record<string, Json>;
    for (const name of Object.keys(whole)) {
      const { [name]: _, ...rest } = whole;
      const parsed = parseReport(rest);
      expect(parsed.ok ? name : parsed.problem).toStartWith(`${name}: `);
    }
  });

  test.each([
    ["another version", { schema: 2 }, "schema"],
    [
      "a state of its own",
      { capabilities: [{ ...perfectHost.capabilities[0], state: "fine" }] },
      "capabilities.0.state",
    ],
    ["an area of its own", { capabilities: [{ ...perfectHost.capabilities[0], area: "moon" }] }, "capabilities.0.area"],
    ["a trial without a result", { trials: [{ ...perfectHost.trials[0], result: "" }] }, "trials.0.result"],
    ["a guarantee of its own", { selection: { accepted: ["fs.magic"], rejected: [] } }, "selection.accepted.0"],
    [
      "a reason of its own",
      { selection: { accepted: [], rejected: [{ strategy: "a", reason: { kind: "mood" } }] } },
      "selection.rejected.0.reason.kind",
    ],
    ["a group that is no number", { user: { uid: 0, gid: 0, groups: ["0"] } }, "user.groups.0"],
  ])("refuses %s, and says where", (_, change, where) => {
    const parsed = parseReport(toJson({ ...perfectHost, ...change }));
    expect(parsed.ok ? "taken" : parsed.problem).toStartWith(`${where}: `);
  });

  test.each([
    ["no object", 7],
    ["nothing", null],
    ["text", "report"],
  ])("refuses %s", (_, input) => {
    const parsed = parseReport(input);
    expect(parsed.ok ? "taken" : parsed.problem).toStartWith("it: ");
  });
});
