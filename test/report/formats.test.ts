import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { reportFormats } from "../../src/report/formats.ts";
import { formatNames, renderFormat } from "../support/render-formats.ts";
import { goldenFormats, goldenReports } from "./golden-formats.ts";

const goldenNames = Object.keys(goldenFormats) as (keyof typeof goldenFormats)[];

describe.each(goldenReports)("$name", ({ name, report, options }) => {
  /** Read by a person, once, and found right. */
  test.each(goldenNames)("as %s is as it was", async (format) => {
    const path = new URL(`../fixtures/reports/golden/${name}.${format}.${goldenFormats[format]}`, import.meta.url);
    expect(await renderFormat(format, report, options)).toBe(readFileSync(path, "utf8"));
  });

  test.each(formatNames)("as %s is the same however much is shown, but for text", async (format) => {
    const styles = [80, 20].map((columns) => ({ columns, color: columns === 20, unicode: false }));
    const shown = [true, false].flatMap((all) => styles.map((style) => ({ ...options, all, style })));
    const texts = await Promise.all(shown.map((one) => renderFormat(format, report, one)));
    expect(new Set(texts).size).toBe(format === "text" ? 4 : 1);
  });

  test("as JSON has everything, passes too", async () => {
    expect(JSON.parse(await renderFormat("json", report, options))).toEqual(JSON.parse(JSON.stringify(report)));
  });
});

describe("reportFormats", () => {
  test("are these", () => {
    expect(Object.entries(reportFormats).map(([name, { contentType }]) => `${name}: ${contentType}`)).toEqual([
      "text: text/plain; charset=utf-8",
      "json: application/json",
      "markdown: text/markdown; charset=utf-8",
      "junit: application/xml",
      "sarif: application/sarif+json",
      "github: text/plain; charset=utf-8",
      "prometheus: text/plain; version=0.0.4; charset=utf-8",
      "features: text/plain; charset=utf-8",
      "labels: text/plain; charset=utf-8",
    ]);
  });

  test("are described in one line each", () => {
    const descriptions = Object.values(reportFormats).map(({ description }) => description);
    expect(descriptions.filter((description) => !/^.{10,70}$/u.test(description))).toEqual([]);
  });
});
