/** `cupel schema`: JSON Schemas of what cupel reads and writes. */
import type { GenericSchema } from "valibot";
import { CupelError } from "../model/error.ts";
import { renderJson } from "../report/render-json.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { schemaNames } from "./schema-names.ts";

type SchemaName = (typeof schemaNames)[number];

/** Each loaded when it is asked for. */
const schemas: Readonly<Record<SchemaName, { readonly title: string; readonly load: () => Promise<GenericSchema> }>> = {
  report: {
    title: "cupel report: what cupel doctor --json writes",
    load: async () => (await import("../report/report-schema.ts")).reportShape,
  },
  job: {
    title: "cupel job: what cupel check --job reads",
    load: async () => (await import("../run/job-file.ts")).jobSchema,
  },
  policy: {
    title: "cupel policy: what cupel check --policy reads",
    load: async () => (await import("../run/policy-file.ts")).policySchema,
  },
  lock: {
    title: "cupel lock: what cupel lock writes and cupel check --locked reads",
    load: async () => (await import("../run/lock-file.ts")).lockSchema,
  },
};

/** The schema as JSON (draft 2020-12); what is said of a quantity's letters is in words alone. */
export async function renderSchema(name: SchemaName): Promise<string> {
  const { toJsonSchema } = await import("@valibot/to-json-schema");
  const { title, load } = schemas[name];
  const described = toJsonSchema(await load(), {
    target: "draft-2020-12",
    typeMode: "input",
    errorMode: "ignore",
  });
  return renderJson({ title, ...described });
}

/** Writes one; gives the exit code. @throws CupelError `usage`. */
export async function schema({ operands }: CommandLine): Promise<number> {
  const name = schemaNames.find((known) => known === operands[0]);
  if (name === undefined) throw new CupelError("usage", `cupel schema needs one of ${schemaNames.join(", ")}`);
  process.stdout.write(await renderSchema(name));
  return 0;
}
