/** A policy: what a repository demands of every host that its jobs run on. */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { capabilityIds } from "../matrix/capability-ids.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { parseStrictDocument } from "./strict-document.ts";

const strategyIds = strategies.map(({ id }) => id);

/** The shape of the file. */
export const policySchema = v.strictObject({
  version: v.optional(v.pipe(v.literal(1), v.description("version of this shape"))),
  require: v.pipe(
    v.strictObject({
      isolation: v.optional(
        v.pipe(v.picklist(isolationClasses), v.description("no weaker class of isolation than this one")),
      ),
      strategy: v.optional(v.pipe(v.picklist(strategyIds), v.description("this strategy and no other"))),
      guarantees: v.optional(
        v.pipe(v.array(v.picklist(guaranteeIds)), v.description("guarantees that one strategy keeps together")),
      ),
      capabilities: v.optional(
        v.pipe(v.array(v.picklist(capabilityIds)), v.description("capabilities that have to work")),
      ),
    }),
    v.description("what has to hold on a host"),
  ),
});

/** What a policy demands. */
export type Policy = v.InferOutput<typeof policySchema>;

const maxBytes = 1024 * 1024;

/** Reads a policy. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export function readPolicyFile(path: string): Policy {
  const text = readInputFile(path, { what: "a policy", maxBytes, pipes: false });
  return parseStrictDocument(text, path, policySchema);
}
