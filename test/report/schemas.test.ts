import { describe, expect, test } from "bun:test";
import { reportFieldWords } from "../../src/report/report-field-words.ts";
import { parseReport } from "../../src/report/report-schema.ts";
import { publishedSchema, publishedSchemas, reportJsonSchema } from "../../src/report/schemas.ts";
import { createValidator } from "../support/read-formats.ts";
import { goldenReports } from "./golden-formats.ts";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

const problems = createValidator(await reportJsonSchema());

/** Every object in a value, with the way to it. */
function objectsIn(value: Json, path = ""): [path: string, object: Record<string, Json>][] {
  if (Array.isArray(value)) return value.flatMap((one, index) => objectsIn(one, `${path}.${index}`));
  if (value === null || typeof value !== "object") return [];
  const inner = Object.entries(value).flatMap(([name, one]) => objectsIn(one, `${path}.${name}`));
  return [[path.slice(1), value], ...inner];
}

describe("reportJsonSchema", () => {
  test.each(goldenReports)("takes the report of $name", ({ report }) => {
    expect(problems(toJson(report))).toEqual([]);
  });

  test("refuses what parseReport refuses: a field that is not known, in every object", () => {
    const whole = toJson(goldenReports[0]?.report);
    for (const [path, object] of objectsIn(whole).filter(([where]) => where !== "fingerprintParts")) {
      object["added"] = 1;
      expect([path, problems(whole).length > 0, parseReport(whole).ok]).toEqual([path, true, false]);
      delete object["added"];
    }
    expect(problems(whole)).toEqual([]);
  });

  test("says what it is, and which version", async () => {
    const { properties: _, required: __, ...head } = await reportJsonSchema();
    expect(head).toEqual({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "urn:cupel:schema:report:1",
      title: "cupel report, version 1",
      description: "What one host can enforce in one context, and what would be chosen for a job without flags.",
      type: "object",
      additionalProperties: false,
    });
  });

  test("describes every field that there are words for", async () => {
    const text = JSON.stringify(await reportJsonSchema());
    const unused = Object.entries(reportFieldWords).filter(([, words]) => !text.includes(JSON.stringify(words)));
    expect(unused).toEqual([]);
  });
});

describe("publishedSchema", () => {
  test("is found by its name", async () => {
    expect(Object.keys(publishedSchemas)).toEqual(["report"]);
    expect(await publishedSchema("report")).toEqual(await reportJsonSchema());
  });

  test.each(["", "reports", "constructor"])("refuses %j, and says which there are", (name) => {
    expect(publishedSchema(name)).rejects.toMatchObject({ code: "usage", hint: "Schemas: report" });
  });
});
