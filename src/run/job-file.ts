/** A job in a file: the same that the flags of `run` say. */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { applyModes, seccompProfileNames } from "../model/job.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { preferences, workspaceModes } from "./job-fields.ts";
import { limitSchemas } from "./limit-schemas.ts";
import { networkSchema, setupNetworkSchema } from "./network-schema.ts";
import { publishSchema } from "./publish-schema.ts";
import { readStrictDocument, type StrictDocument } from "./strict-document.ts";
import { variableName, variablesSchema } from "./variable-schemas.ts";
import { commandSchema, paths } from "./word-schemas.ts";

const filesystem = v.strictObject({
  read: v.optional(v.strictObject({ allow: paths("paths that the job may read, from the file's directory on") })),
  write: v.optional(v.strictObject({ allow: paths("paths that the job may change, from the file's directory on") })),
  tools: v.optional(v.pipe(v.boolean(), v.description("grant the directories of your PATH, read-only"))),
});

/** Guarantees that are demanded, by their ids. */
export const guaranteesSchema = v.array(v.picklist(guaranteeIds));
/** A class of isolation. */
export const isolationSchema = v.picklist(isolationClasses);
/** A strategy by its id. */
export const strategySchema = v.picklist(strategies.map(({ id }) => id));
/** The version of a file's shape. */
export const versionSchema = v.pipe(v.literal(1), v.description("version of this shape"));

const minimum = v.strictObject({
  isolation: v.optional(v.pipe(isolationSchema, v.description("no weaker class of isolation than this one"))),
  guarantees: v.optional(v.pipe(guaranteesSchema, v.description("demand these guarantees too"))),
  accept_missing: v.optional(
    v.pipe(
      v.array(v.picklist(["all", ...guaranteeIds])),
      v.description("give up these guarantees where nothing keeps them"),
    ),
  ),
  strict: v.optional(v.pipe(v.boolean(), v.description("demand the default limits as well"))),
  verified: v.optional(
    v.pipe(
      v.boolean(),
      v.description("only where cupel verify saw every demanded guarantee hold, in this very sandbox"),
    ),
  ),
});

/** Everything that a file can ask but the command: what a job file, cupel.yaml and the user's configuration share. */
export const settingSchemas = {
  workspace: v.optional(
    v.strictObject({
      mode: v.optional(
        v.pipe(
          v.picklist(workspaceModes),
          v.description("the current directory copy-on-write (cow), read-only (ro), written through (rw), or none"),
        ),
      ),
      ignore: v.optional(v.pipe(v.array(v.string()), v.description("globs of changes that are not kept"))),
      apply: v.optional(v.pipe(v.picklist(applyModes), v.description("what to do with the changes at the end"))),
    }),
  ),
  filesystem: v.optional(filesystem),
  network: v.optional(networkSchema),
  setup: v.optional(
    v.pipe(
      v.strictObject({ command: commandSchema, network: v.optional(setupNetworkSchema) }),
      v.description("what runs before the command, in the same sandbox, and what it may connect to until it has ended"),
    ),
  ),
  publish: v.optional(publishSchema),
  syscalls: v.optional(
    v.strictObject({
      profile: v.pipe(v.picklist(seccompProfileNames), v.description("which system calls the job may make")),
    }),
  ),
  env: v.optional(
    v.strictObject({
      inherit: v.optional(v.pipe(v.array(variableName), v.description("variables of yours to pass on"))),
      set: v.optional(variablesSchema),
    }),
  ),
  tty: v.optional(v.pipe(v.boolean(), v.description("give the job a terminal of its own, relayed to yours"))),
  limits: v.optional(v.strictObject(limitSchemas)),
  minimum: v.optional(minimum),
  selection: v.optional(
    v.strictObject({
      strategy: v.optional(v.pipe(strategySchema, v.description("this strategy and no other"))),
      prefer: v.optional(v.pipe(v.picklist(preferences), v.description("which of the strategies that fit"))),
    }),
  ),
};

/** The shape of a job file. */
export const jobSchema = v.strictObject({
  version: v.optional(versionSchema),
  command: commandSchema,
  ...settingSchemas,
});

/** A job file as it is written. */
export type JobFile = v.InferOutput<typeof jobSchema>;

const maxBytes = 1024 * 1024;

/** Reads a job. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export function readJobFile(path: string): StrictDocument<JobFile> {
  const text = readInputFile(path, { what: "a job", maxBytes, pipes: false });
  return readStrictDocument(text, path, jobSchema);
}
