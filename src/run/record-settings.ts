/** How long records of runs are kept: by age, by number and by size, as the user's configuration says. */
import * as v from "valibot";
import { quantity } from "./limit-schemas.ts";
import { parseSizeBytes } from "./parse-quantity.ts";

const amount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));

/** What of a run's output is kept, in every file that says what a job is to be like. */
export const keptOutputSchema = v.optional(
  v.union(
    [v.boolean(), quantity("records.output", "size", "how much of it")],
    "records.output is true, false, or a size such as 10M",
  ),
);

/** The field `records` of the user's configuration. */
export const recordSettingsSchema = v.optional(
  v.strictObject({
    off: v.optional(v.pipe(v.boolean(), v.description("keep no records of runs"))),
    output: keptOutputSchema,
    days: v.optional(v.pipe(amount, v.description("days after which a record is removed; default 30"))),
    runs: v.optional(v.pipe(amount, v.description("how many records are kept; default 1000"))),
    size: v.optional(quantity("records.size", "size", "what they may take together; default 64M")),
  }),
);

/** What is kept at most. */
export interface RecordLimits {
  readonly ageMs: number;
  readonly runs: number;
  readonly bytes: number;
}

const dayMs = 24 * 60 * 60 * 1000;
const defaults = { days: 30, runs: 1000, size: "64M" } as const;

/** As the settings say. @throws CupelError `usage`. Pure. */
export function recordLimitsOf(settings: v.InferOutput<typeof recordSettingsSchema> = {}): RecordLimits {
  const { days = defaults.days, runs = defaults.runs, size = defaults.size } = settings;
  return { ageMs: days * dayMs, runs, bytes: parseSizeBytes(String(size), "records.size") };
}
