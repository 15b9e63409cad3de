/** Every format can be read back, whatever the host is like and whatever is demanded. */
import { describe, expect, test } from "bun:test";
import type { Report } from "../../src/model/report.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { reportJsonSchema } from "../../src/report/schemas.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { allMatrices } from "../fixtures/matrices/matrix.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";
import { createFixtureHost } from "../support/fixture-host.ts";
import { needsPrograms } from "../support/must-work.ts";
import {
  createValidator,
  junitProblems,
  linesOf,
  parseFeatureFile,
  parseMetrics,
  parseWorkflowCommands,
  sarifProblems,
} from "../support/read-formats.ts";
import { formatNames, renderFormat } from "../support/render-formats.ts";

const hard = jobOf({ demands: demands({ required: ["kernel.boundary", "limit.memory"], minimum: "vm" }) });
const reportProblems = createValidator(await reportJsonSchema());

function reportOf(name: keyof typeof allMatrices, defaultJob: typeof hard): Report {
  return buildReport({
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
}

/** What is wrong with each format of a report; a reader that cannot read throws. */
async function readBack(report: Report, stated: boolean): Promise<string[]> {
  const options = stated ? { demands: mixedDemands } : {};
  const texts = await Promise.all(formatNames.map((name) => renderFormat(name, report, options)));
  const of = Object.fromEntries(formatNames.map((name, index) => [name, texts[index] ?? ""]));
  for (const name of ["text", "markdown", "labels", "json"]) linesOf(of[name] ?? "");
  parseWorkflowCommands(of["github"] ?? "");
  parseMetrics(of["prometheus"] ?? "");
  parseFeatureFile(of["features"] ?? "", new Date(report.createdAt));
  return [...reportProblems(JSON.parse(of["json"] ?? "")), ...sarifProblems(JSON.parse(of["sarif"] ?? ""))];
}

describe.each(Object.keys(allMatrices) as (keyof typeof allMatrices)[])("the report of %s", (name) => {
  test("can be read back from every format", async () => {
    for (const job of [jobOf(), hard]) {
      for (const stated of [false, true]) expect(await readBack(reportOf(name, job), stated)).toEqual([]);
    }
  });

  needsPrograms("xmllint")("is valid as JUnit", async () => {
    const report = reportOf(name, hard);
    expect(junitProblems(await renderFormat("junit", report, { demands: mixedDemands }))).toEqual([]);
  });
});
