import { describe, expect, test } from "bun:test";
import { describeRefused, judgedStrategies } from "../../src/commands/refuse.ts";
import type { Report } from "../../src/model/report.ts";
import { buildReport, summarizeCandidate } from "../../src/report/build-report.ts";
import { judgeAll, select } from "../../src/select/select.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { allMatrices } from "../fixtures/matrices/matrix.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const job = jobOf();
const matrix = allMatrices.userNamespacesBlocked;
const trials = strategies.map(
  ({ id }) => ({ strategy: id, result: "passed", summary: "", evidence: [], durationMs: 1 }) as const,
);
const host = createFixtureHost({});
const report: Report = buildReport({
  host,
  isWhole: true,
  skipped: [],
  matrix,
  trials,
  strategies,
  defaultJob: job,
  fingerprintParts: {},
  durationMs: 1,
});

describe("judgedStrategies", () => {
  test("judges for this job, not for the report's own", () => {
    const other = jobOf({ demands: demands({ required: ["env.clean"] }), network: "host" });
    expect(judgedStrategies(other, report)).toEqual(
      judgeAll({ strategies, job: other, matrix, trials }).map(summarizeCandidate),
    );
    expect(judgedStrategies(other, report)).not.toEqual([...report.strategies]);
  });
});

describe("describeRefused", () => {
  const style = { columns: 80, color: false, unicode: true };

  test("gives the whole refusal, and one sentence of it for the outcome", () => {
    const { text, message } = describeRefused(job, report.selection, report, style);
    expect(report.selection.chosen).toBeUndefined();
    expect(message).toMatch(/^\S[^\n]+$/);
    expect(text.split("\n").length).toBeGreaterThan(3);
    for (const id of ["namespaces", "process"]) expect(text).toContain(id);
  });

  test("speaks of what this job demands", () => {
    const demanding = jobOf({ demands: demands({ required: ["net.allowlist"] }) });
    const selection = select({ strategies, job: demanding, matrix: allMatrices.rootEverything, trials });
    const perfect = buildReport({
      host,
      isWhole: true,
      skipped: [],
      matrix: allMatrices.rootEverything,
      trials,
      strategies,
      defaultJob: job,
      fingerprintParts: {},
      durationMs: 1,
    });
    expect(describeRefused(demanding, selection, perfect, style).text).toContain("net.allowlist");
  });
});
