/** `cupel schema`: JSON Schemas of what cupel reads and writes. */
import type { GenericSchema } from "valibot";
import { CupelError } from "../model/error.ts";
import { renderJson } from "../report/render-json.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { schemaNames } from "./schema-names.ts";
import { writeOutput } from "./terminal.ts";

type SchemaName = (typeof schemaNames)[number];

/** The schema of what is read from a file; what is said of a quantity's letters is in words alone. */
async function inputSchema(title: string, shape: GenericSchema): Promise<object> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  return { title, ...toJsonSchema(shape, { target: "draft-2020-12", typeMode: "input", errorMode: "ignore" }) };
}

/** Each loaded when it is asked for. */
const schemas: Readonly<Record<SchemaName, () => Promise<object>>> = {
  report: async () => (await import("../report/schemas.ts")).reportJsonSchema(),
  job: async () =>
    inputSchema("cupel job: what cupel check --job reads", (await import("../run/job-file.ts")).jobSchema),
  policy: async () =>
    inputSchema("cupel policy: what cupel check --policy reads", (await import("../run/policy-file.ts")).policySchema),
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
