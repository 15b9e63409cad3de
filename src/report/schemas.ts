/** JSON Schemas of what cupel writes, made from the very shapes that it reads with. */
import { CupelError } from "../model/error.ts";
import { reportSchema } from "../model/report.ts";
import { describeFields } from "./report-field-words.ts";
import { reportShape } from "./report-schema.ts";

/** A JSON Schema, as far as it is walked here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The schema of a report (JSON Schema 2020-12). */
export async function reportJsonSchema(): Promise<JsonSchema> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const schema = toJsonSchema(reportShape, { target: "draft-2020-12" }) as JsonSchema;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:cupel:schema:report:${reportSchema}`,
    title: `cupel report, version ${reportSchema}`,
    description: "What one host can enforce in one context, and what would be chosen for a job without flags.",
    ...describeFields(schema),
  };
}

/** Schemas by the name that `cupel schema NAME` takes. */
export const publishedSchemas: Readonly<Record<string, () => Promise<JsonSchema>>> = { report: reportJsonSchema };

/** The schema of that name. */
export async function publishedSchema(name: string): Promise<JsonSchema> {
  const make = Object.hasOwn(publishedSchemas, name) ? publishedSchemas[name] : undefined;
  if (make !== undefined) return make();
  throw new CupelError("usage", `there is no schema called "${name}"`, {
    hint: `Schemas: ${Object.keys(publishedSchemas).join(", ")}`,
  });
}
