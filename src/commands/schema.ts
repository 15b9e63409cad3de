/** `cupel schema`: JSON Schemas of what cupel reads and writes. */
import type { GenericSchema } from "valibot";
import { CupelError } from "../model/error.ts";
import { renderJson } from "../report/render-json.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { schemaNames } from "./schema-names.ts";
import { writeOutput } from "./terminal.ts";

type SchemaName = (typeof schemaNames)[number];

/** What a check of valibot's cannot tell stands beside it as metadata, as it should be (see job-file.ts). */
function withOwnShapes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnShapes);
  if (typeof value !== "object" || value === null) return value;
  const { jsonSchema, description } = value as { readonly jsonSchema?: object; readonly description?: string };
  if (jsonSchema !== undefined) return { ...jsonSchema, ...(description === undefined ? {} : { description }) };
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withOwnShapes(one)]));
}

/** The schema of what is read from a file. */
async function inputSchema(title: string, shape: GenericSchema): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const converted = toJsonSchema(shape, { target: "draft-2020-12", typeMode: "input", errorMode: "ignore" });
  return { title, ...(withOwnShapes(converted) as object) };
}

/** The schema of what is written. */
async function outputSchema(title: string, shape: GenericSchema): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  return { title: `cupel ${title}`, ...toJsonSchema(shape, { target: "draft-2020-12" }) };
}

/** Each loaded when it is asked for. */
const schemas: Readonly<Record<SchemaName, () => Promise<object>>> = {
  report: async () => (await import("../report/schemas.ts")).reportJsonSchema(),
  outcome: async () =>
    outputSchema("outcome: what cupel run --result writes", (await import("../run/outcome-shape.ts")).outcomeShape),
  "batch-outcome": async () =>
    outputSchema(
      "batch-outcome: a line that cupel run --batch writes",
      (await import("../run/outcome-shape.ts")).batchOutcomeShape,
    ),
  run: async () =>
    outputSchema(
      "run: a record that cupel runs show --json writes",
      (await import("../run/run-records.ts")).runRecordShape,
    ),
  strategies: async () =>
    outputSchema(
      "strategies: what cupel strategies --json writes",
      (await import("../report/strategy-list.ts")).strategyListShape,
    ),
  job: async () =>
    inputSchema("cupel job: what cupel run and cupel check --job read", (await import("../run/job-file.ts")).jobSchema),
  policy: async () =>
    inputSchema(
      "cupel policy: cupel.yaml of a project, and what cupel check --policy reads",
      (await import("../run/policy-file.ts")).policySchema,
    ),
  config: async () =>
    inputSchema(
      "cupel config: config.yaml of a user, what all jobs have unless told otherwise",
      (await import("../run/user-configuration.ts")).configSchema,
    ),
  lock: async () => inputSchema("cupel lock: what cupel lock writes", (await import("../run/lock-file.ts")).lockSchema),
};

/** The schema as JSON (draft 2020-12). */
export async function renderSchema(name: SchemaName): Promise<string> {
  return renderJson(await schemas[name]());
}

/** Writes one; gives the exit code. @throws CupelError `usage`. */
export async function schema({ operands }: CommandLine): Promise<number> {
  const name = schemaNames.find((known) => known === operands[0]);
  if (name === undefined) throw new CupelError("usage", `cupel schema needs one of ${schemaNames.join(", ")}`);
  writeOutput(await renderSchema(name));
  return 0;
}
