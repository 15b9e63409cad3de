/** The caps of a file: quantities in the words of the flags, with the JSON Schema of each. */
import * as v from "valibot";
import { CupelError } from "../model/error.ts";
import { outputActions } from "../model/job.ts";
import { limitEntries, limitFieldName, quantityParsers, type QuantityKind } from "./limit-fields.ts";

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
  rate: {
    anyOf: [
      { type: "string", pattern: "^\\d+(\\.\\d+)?[kKmMgGtT]?([iI]?[bB])?(/s)?$" },
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
export function quantity(name: string, kind: QuantityKind, description: string) {
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

type QuantitySchema = v.OptionalSchema<ReturnType<typeof quantity>, undefined>;

const outputAction = v.optional(
  v.pipe(v.picklist(outputActions), v.description("what becomes of output over its cap: dropped, or the job ended")),
);

/** Caps on what the job uses, and what becomes of output over its cap. */
export const limitSchemas: Readonly<Record<string, QuantitySchema | typeof outputAction>> = {
  ...Object.fromEntries(
    limitEntries.map(([, limit]) => {
      const description = `${limit.description}; such as ${limit.example}`;
      const field = limitFieldName(limit);
      return [field, v.optional(quantity(`limits.${field}`, limit.quantity, description))];
    }),
  ),
  on_output: outputAction,
};

/** Caps on time. */
export const timeLimits = {
  timeout: v.optional(quantity("limits.timeout", "duration", "end the job after this time: 90s, 5m")),
  grace: v.optional(quantity("limits.grace", "duration", "time between SIGTERM and SIGKILL then")),
  cpu_time: v.optional(quantity("limits.cpu_time", "duration", "end the job when it has used so much CPU time")),
  idle: v.optional(quantity("limits.idle", "duration", "end the job after this time without output")),
};
