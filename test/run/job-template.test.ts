import { describe, expect, test } from "bun:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { renderSchema } from "../../src/commands/schema.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { jobFields } from "../../src/run/job-fields.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { jobTemplate } from "../../src/run/job-template.ts";
import { readLayeredRequest } from "../../src/run/layered-request.ts";
import { makeTempDir } from "../support/temp-dir.ts";

/** The template with all that it could say. */
const whole = jobTemplate.replaceAll(/^#(?=[a-z]| {2})/gm, "");

async function isValid(text: string): Promise<boolean> {
  const schema = JSON.parse(await renderSchema("job")) as object;
  return new Ajv2020({ strict: false }).compile(schema)(parse(text));
}

describe("jobTemplate", () => {
  test("asks for nothing but what every job has", () => {
    using directory = makeTempDir();
    const job = directory.file("job.yaml", jobTemplate);
    const { origins, ...request } = readLayeredRequest({ flags: new Map(), words: [], job }, createRealHost()).request;
    expect(request).toEqual({ ...defaultRequest, command: ["echo", "hello from a sandbox"] });
    expect(origins?.map(({ field }) => field)).toEqual(["command"]);
  });

  test("is valid as it is, and with all that it could say, which is every field", async () => {
    expect([await isValid(jobTemplate), await isValid(whole)]).toEqual([true, true]);
    const at = (path: string): unknown =>
      path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], parse(whole));
    const fields = Object.values(jobFields).flatMap(({ fields: names }) => names);
    expect(fields.filter((field) => !field.startsWith("require.") && at(field) === undefined)).toEqual([]);
  });

  test("keeps within 120 columns", () =>
    expect(jobTemplate.split("\n").filter((line) => line.length > 120)).toEqual([]));
});
