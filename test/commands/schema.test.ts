import { describe, expect, test } from "bun:test";
import { schemaNames } from "../../src/commands/schema-names.ts";
import { renderSchema } from "../../src/commands/schema.ts";
import { guaranteeIds } from "../../src/model/guarantee.ts";

interface JsonSchema {
  readonly $schema: string;
  readonly title: string;
  readonly type: string;
  readonly additionalProperties: boolean;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, JsonSchema>>;
}

describe("renderSchema", () => {
  test.each([...schemaNames])("of %s is a JSON Schema that takes no unknown field", async (name) => {
    const schema = JSON.parse(await renderSchema(name)) as JsonSchema;
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: expect.stringContaining(name),
      type: "object",
      additionalProperties: false,
    });
    expect(schema.required.every((field) => Object.hasOwn(schema.properties, field))).toBe(true);
  });

  test("of a policy lists the ids", async () => {
    const text = await renderSchema("policy");
    expect(guaranteeIds.filter((id) => !text.includes(`"${id}"`))).toEqual([]);
  });

  test("of a job needs a command alone", async () =>
    expect((JSON.parse(await renderSchema("job")) as JsonSchema).required).toEqual(["command"]));
});
