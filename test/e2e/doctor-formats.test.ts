/** The report of this very machine in every format, each read back by its strict reader. */
import { beforeAll, describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { createRealHost } from "../../src/host/real-host.ts";
import type { Report } from "../../src/model/report.ts";
import type { RedactionFacts } from "../../src/report/redact-text.ts";
import { readRedactionFacts } from "../../src/report/redaction-facts.ts";
import { redactReport } from "../../src/report/redact-report.ts";
import { reportJsonSchema } from "../../src/report/schemas.ts";
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
import { renderFormat } from "../support/render-formats.ts";
import { installCupel } from "../support/run-cli.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

/** As the command reads them, of whoever calls it. */
function factsOf(caller: Caller): RedactionFacts {
  const host = { ...createRealHost(), directory: cupel.workspace(caller), environment: cupel.environment(caller) };
  return readRedactionFacts({ ...host, identity: { uid: caller.uid, gid: caller.gid, groups: [] } });
}

describe.each(callers)("this machine's report, called by $name", (caller: Caller) => {
  let measured: Report;
  let redacted: Report;

  beforeAll(async () => {
    const { stdout } = await cupel.run(caller, ["doctor", "--json"]);
    measured = JSON.parse(stdout) as Report;
    redacted = redactReport(measured, factsOf(caller));
  });

  const both = (): Report[] => [measured, redacted];

  test("is what its JSON Schema says", async () => {
    const problems = createValidator(await reportJsonSchema());
    expect(both().map((report) => problems(report))).toEqual([[], []]);
  });

  needsPrograms("xmllint")("is valid as JUnit", async () => {
    for (const report of both()) expect(junitProblems(await renderFormat("junit", report))).toEqual([]);
  });

  test("is valid as SARIF", async () => {
    for (const report of both()) expect(sarifProblems(JSON.parse(await renderFormat("sarif", report)))).toEqual([]);
  });

  test("is metrics, one state for each capability", async () => {
    for (const report of both()) {
      const samples = parseMetrics(await renderFormat("prometheus", report));
      const states = samples.filter(({ name }) => name === "cupel_capability_state");
      expect(states.length).toBe(report.capabilities.length);
    }
  });

  test("is labels, none of them for what is not usable", async () => {
    for (const report of both()) {
      const { labels, features } = parseFeatureFile(await renderFormat("features", report), new Date(report.createdAt));
      expect(Object.keys(features).length).toBeGreaterThan(report.capabilities.length);
      expect(
        Object.values(labels).filter((value) => ["unknown", "blocked", "absent", "broken"].includes(value)),
      ).toEqual([]);
      expect(linesOf(await renderFormat("labels", report)).length).toBeGreaterThan(report.capabilities.length);
    }
  });

  test("is workflow commands that end with the verdict", async () => {
    const commands = parseWorkflowCommands(await renderFormat("github", measured));
    expect(commands.at(-1)?.name).toBe("notice");
    expect(commands.at(-1)?.message).toStartWith("Jobs will run in namespaces; all demanded guarantees hold.");
  });

  test("is a summary with a row for each capability and no stray HTML", async () => {
    const html = Bun.markdown.html(await renderFormat("markdown", measured));
    const tags = new Set(Array.from(html.matchAll(/<\/?([a-z0-9]+)/gu), ([, tag]) => tag));
    const known = [
      "h2",
      "h3",
      "p",
      "table",
      "thead",
      "tbody",
      "tr",
      "th",
      "td",
      "code",
      "strong",
      "details",
      "summary",
      "b",
      "br",
      "sub",
    ];
    expect([...tags].filter((tag) => !known.includes(tag ?? ""))).toEqual([]);
    for (const { id } of measured.capabilities) expect(html).toContain(`<td><code>${id}</code></td>`);
  });

  test("says nothing of its user, home or host once it is redacted", async () => {
    const text = await renderFormat("json", redacted);
    // A machine may be called what cupel calls one: ids are cupel's own words.
    const ownWords = new Set(measured.capabilities.flatMap(({ id }) => id.split(/[^A-Za-z0-9]/u)));
    const hosts = [hostname()].filter((name) => !ownWords.has(name));
    const names = caller.uid === 0 ? hosts : [caller.name, caller.home, ...hosts];
    const words = names.map((name) => new RegExp(`(?<![A-Za-z0-9])${RegExp.escape(name)}(?![A-Za-z0-9])`, "u"));
    expect(words.filter((word) => word.test(text))).toEqual([]);
    expect(text).toContain("/usr/");
  });
});
