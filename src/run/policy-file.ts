/**
 * A project's cupel.yaml: what a repository demands of every host that its jobs run on, and what it asks for its jobs.
 */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { capabilityIds } from "../matrix/capability-ids.ts";
import { guaranteesSchema, isolationSchema, settingSchemas, strategySchema, versionSchema } from "./job-file.ts";
import { readStrictDocument, type StrictDocument } from "./strict-document.ts";

/** The shape of the file. */
export const policySchema = v.strictObject({
  version: v.optional(versionSchema),
  require: v.optional(
    v.pipe(
      v.strictObject({
        isolation: v.optional(v.pipe(isolationSchema, v.description("no weaker class of isolation than this one"))),
        strategy: v.optional(v.pipe(strategySchema, v.description("this strategy and no other"))),
        guarantees: v.optional(v.pipe(guaranteesSchema, v.description("guarantees that one strategy keeps together"))),
        capabilities: v.optional(
          v.pipe(v.array(v.picklist(capabilityIds)), v.description("capabilities that have to work; for check alone")),
        ),
      }),
      v.description("what has to hold on a host"),
    ),
  ),
  ...settingSchemas,
});

/** What a project says. */
export type Policy = v.InferOutput<typeof policySchema>;

const maxBytes = 1024 * 1024;

/** The text of such a file. @throws CupelError `usage`, one sentence, for what is none. */
export function readPolicyText(path: string): string {
  return readInputFile(path, { what: "a policy", maxBytes, pipes: false });
}

/** The same of one that nobody named but the project itself, which may lead to no other file. */
export function readProjectText(path: string): string {
  return readInputFile(path, { what: "a policy", maxBytes, pipes: false, isItself: true });
}

/** What the text of such a file says. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export function parsePolicy(text: string, path: string): StrictDocument<Policy> {
  return readStrictDocument(text, path, policySchema);
}
