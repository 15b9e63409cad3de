/** A job in a file: the same that the flags of `run` say. */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { CupelError } from "../model/error.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { applyModes, networkModes, outputActions, seccompProfileNames } from "../model/job.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { preferences, workspaceModes } from "./job-fields.ts";
import { limitEntries, quantityParsers, type QuantityKind } from "./limit-fields.ts";
import { parseDestinationRule } from "./network/destination-rule.ts";
import { readStrictDocument, type StrictDocument } from "./strict-document.ts";

/**
 * JSON Schemas of quantities. What they cannot say is said by the reader alone: that a quantity in text is more than
 * nothing and less than a computer can count.
 */
const quantityShapes: Readonly<Record<QuantityKind, object>> = {
  duration: { type: "string", pattern: "^\\d+(\\.\\d+)?(ms|s|m|h)$" },
  size: {
    anyOf: [
      { type: "string", pattern: "^\\d+(\\.\\d+)?[kKmMgGtT]?([iI]?[bB])?$" },
      { type: "number", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    ],
  },
  cpus: {
    anyOf: [
      { type: "string", pattern: "^\\d+(\\.\\d+)?$" },
      { type: "number", minimum: 0.01, maximum: 4096 },
    ],
  },
  count: {
    anyOf: [
      { type: "string", pattern: "^\\d+$" },
      { type: "integer", minimum: 2, maximum: 4_194_304 },
    ],
  },
  files: {
    anyOf: [
      { type: "string", pattern: "^\\d+$" },
      { type: "integer", minimum: 32, maximum: 1_000_000_000 },
    ],
  },
};

/** What the flag takes, with its own words where it is none. */
function quantity(name: string, kind: QuantityKind, description: string) {
  return v.pipe(
    v.union([v.string(), v.number()]),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      try {
        quantityParsers[kind](String(dataset.value), name);
      } catch (error) {
        if (!(error instanceof CupelError)) throw error;
        addIssue({ message: error.message });
      }
    }),
    v.description(description),
    v.metadata({ jsonSchema: quantityShapes[kind] }),
  );
}

/** What can be a word of a command, a path or a value of a variable (execve(2)). */
const word = v.pipe(
  v.string(),
  v.check((text) => !text.includes("\0"), "a word holds a NUL byte, which none that is passed to a program can"),
  v.check((text) => text.isWellFormed(), "a word is not valid Unicode, and could not be passed on unchanged"),
  v.metadata({ jsonSchema: { type: "string", pattern: "^[^\\u0000]*$" } }),
);

const grantedPath = v.pipe(
  word,
  v.minLength(1, "a path is empty; write one, or leave it out"),
  v.check(
    (text) => !text.startsWith("~"),
    "a path begins with ~, which only a shell replaces; write it out, or as ./~",
  ),
  v.metadata({ jsonSchema: { type: "string", pattern: "^[^\\u0000~][^\\u0000]*$" } }),
);

const paths = (description: string) => v.pipe(v.array(grantedPath), v.description(description));

/** A command: at least a program. */
export const commandSchema = v.pipe(
  v.array(word),
  v.minLength(1, "command is empty; write the program and its arguments"),
  v.check(([program]) => program !== "", "command begins with an empty word; write the program"),
  v.description("the program and its arguments; no shell reads them"),
  v.metadata({
    jsonSchema: {
      type: "array",
      minItems: 1,
      prefixItems: [{ type: "string", pattern: "^[^\\u0000]+$" }],
      items: { type: "string", pattern: "^[^\\u0000]*$" },
    },
  }),
);

const namePattern = "^[A-Za-z_][A-Za-z0-9_]*$";
const variableName = v.pipe(
  v.string(),
  v.regex(new RegExp(namePattern), "a variable's name is of letters, digits and _, and begins with no digit"),
);

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first thing that is wrong with a variable; undefined where nothing is. */
function problemOf(name: string, value: unknown): v.BaseIssue<unknown> | undefined {
  return v.safeParse(variableName, name).issues?.[0] ?? v.safeParse(word, value).issues?.[0];
}

function describeVariable(name: string, value: unknown): string | undefined {
  const issue = problemOf(name, value);
  if (issue?.kind !== "schema") return issue?.message;
  return `env.set.${name} is ${JSON.stringify(value)}, and has to be text; put it in quotes`;
}

/**
 * Variables and their values. Not a record of valibot's, which leaves out names such as `constructor` without a word.
 */
export const variablesSchema = v.pipe(
  v.custom<Readonly<Record<string, string>>>(isMapping),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const input = dataset.value;
    for (const [key, value] of Object.entries(input)) {
      const message = describeVariable(key, value);
      const origin = v.safeParse(variableName, key).success ? "value" : "key";
      if (message !== undefined) addIssue({ message, path: [{ type: "object", origin, input, key, value }] });
    }
  }),
  v.description("variables and their values"),
  v.metadata({
    jsonSchema: {
      type: "object",
      propertyNames: { pattern: namePattern },
      additionalProperties: { type: "string", pattern: "^[^\\u0000]*$" },
    },
  }),
);

const filesystem = v.strictObject({
  read: v.optional(v.strictObject({ allow: paths("paths that the job may read, from the file's directory on") })),
  write: v.optional(v.strictObject({ allow: paths("paths that the job may change, from the file's directory on") })),
  tools: v.optional(v.pipe(v.boolean(), v.description("grant the directories of your PATH, read-only"))),
});

const destination = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parseDestinationRule(dataset.value, "network.allow");
    } catch (error) {
      if (!(error instanceof CupelError)) throw error;
      addIssue({ message: error.message });
    }
  }),
);

/** What a schema can say of a destination: a name or an IPv4 prefix, or an IPv6 prefix in brackets, and a port. */
const destinationPattern = "^(\\[[0-9A-Fa-f:.]+\\](/\\d+)?|[*0-9A-Za-z.-]+(/\\d+)?)(:(\\*|\\d+))?$";

const networkShape = {
  type: "object",
  properties: {
    mode: { enum: networkModes, description: "a loopback alone, no socket at all, or the host's" },
    allow: {
      type: "array",
      minItems: 1,
      items: { type: "string", pattern: destinationPattern },
      description:
        "in the place of a mode, what the job may connect to, and nothing else: api.example.com:443, *.example.org, 10.0.0.0/8:5432",
    },
  },
  additionalProperties: false,
} as const;

const network = v.pipe(
  v.strictObject({
    mode: v.optional(v.picklist(networkModes)),
    allow: v.optional(
      v.pipe(
        v.array(destination),
        v.minLength(1, "network.allow is empty; list what the job may connect to, or leave it out"),
      ),
    ),
  }),
  v.metadata({ jsonSchema: networkShape }),
);

type QuantitySchema = v.OptionalSchema<ReturnType<typeof quantity>, undefined>;

const outputAction = v.optional(
  v.pipe(v.picklist(outputActions), v.description("what becomes of output over its cap: dropped, or the job ended")),
);

const limitSchemas: Readonly<Record<string, QuantitySchema | typeof outputAction>> = {
  ...Object.fromEntries(
    limitEntries.map(([, limit]) => {
      const description = `${limit.description}; such as ${limit.example}`;
      return [limit.field, v.optional(quantity(`limits.${limit.field}`, limit.quantity, description))];
    }),
  ),
  on_output: outputAction,
};

/** Caps on time. */
export const timeLimits = {
  wall: v.optional(quantity("limits.wall", "duration", "end the job after this time: 90s, 5m")),
  grace: v.optional(quantity("limits.grace", "duration", "time between SIGTERM and SIGKILL then")),
  cpu_time: v.optional(quantity("limits.cpu_time", "duration", "end the job when it has used so much CPU time")),
  idle: v.optional(quantity("limits.idle", "duration", "end the job after this time without output")),
};

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
  network: v.optional(network),
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
