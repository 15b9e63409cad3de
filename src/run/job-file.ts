/** A job in a file: the same that the flags of `run` say. */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { applyModes, seccompProfileNames } from "../model/job.ts";
import { secretsSchema } from "./secrets/secrets-schema.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { preferences, workspaceModes } from "./job-fields.ts";
import { limitSchemas, quantity } from "./limit-schemas.ts";
import { networkSchema, setupNetworkSchema } from "./network-schema.ts";
import { publishSchema } from "./publish-schema.ts";
import { keptOutputSchema } from "./record-settings.ts";
import { readStrictDocument, type StrictDocument } from "./strict-document.ts";
import { filesSchema, variableName, variablesSchema } from "./variable-schemas.ts";
import { commandSchema, globs, paths, statedPath, word } from "./word-schemas.ts";

const filesystem = v.strictObject({
  read: v.optional(v.strictObject({ allow: paths("paths that the job may read, from the file's directory on") })),
  write: v.optional(v.strictObject({ allow: paths("paths that the job may change, from the file's directory on") })),
  tools: v.optional(v.pipe(v.boolean(), v.description("grant the directories of your PATH, read-only"))),
  deny: v.optional(paths("what of that is hidden, from the file's directory on")),
  protect: v.optional(globs("filesystem.protect", "globs of names that are protected, too")),
  tmpfs: v.optional(
    v.pipe(v.array(word), v.description("private directories in the job's root: /PATH, or /PATH:SIZE")),
  ),
});

/** Also as a regular expression: what it says of a path is all that can be said of it here. */
const rootPattern = "^(host|(dir|image):[^\\u0000~][^\\u0000]*)$";

const rootSchema = v.pipe(
  word,
  v.regex(new RegExp(rootPattern, "s"), "root is none of host, dir:PATH and image:PATH"),
  v.description(
    "what the job's root is made of: the host's programs, a directory, an unpacked OCI image, or one of an engine's",
  ),
  v.metadata({ jsonSchema: { type: "string", pattern: rootPattern } }),
);

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
      ignore: v.optional(globs("workspace.ignore", "globs of changes that are not kept")),
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
  root: v.optional(rootSchema),
  files: v.optional(filesSchema),
  minimum: v.optional(minimum),
  artifacts: v.optional(
    v.strictObject({
      collect: v.optional(globs("artifacts.collect", "globs of files to copy when the job has ended")),
      to: v.optional(v.pipe(statedPath, v.description("the directory for the copies, from the file's directory on"))),
      size: v.optional(quantity("artifacts.size", "size", "all of them together; default 1G")),
      files: v.optional(
        v.pipe(
          v.number(),
          v.integer(),
          v.minValue(1),
          v.maxValue(1_000_000),
          v.description("how many of them; default 10000"),
        ),
      ),
      required: v.optional(v.pipe(v.boolean(), v.description("fail where nothing was collected for a glob"))),
    }),
  ),
  records: v.optional(
    v.strictObject({
      off: v.optional(v.pipe(v.boolean(), v.description("keep no record of the run"))),
      output: keptOutputSchema,
    }),
  ),
  selection: v.optional(
    v.strictObject({
      strategy: v.optional(v.pipe(strategySchema, v.description("this strategy and no other"))),
      prefer: v.optional(v.pipe(v.picklist(preferences), v.description("which of the strategies that fit"))),
    }),
  ),
  secrets: v.optional(secretsSchema),
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
