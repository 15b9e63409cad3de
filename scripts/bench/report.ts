/** What one run of the bench found: the shape of `--json`. */
import * as v from "valibot";

/** Version of the shape. */
export const benchSchemaVersion = 1;

const positive = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const latencySchema = v.strictObject({
  samples: count,
  minUs: positive,
  p50Us: positive,
  p99Us: v.optional(positive),
});

const memorySchema = v.variant("kind", [
  v.strictObject({
    kind: v.literal("measured"),
    /** PSS of the processes that share the job's PID namespace, but for the job. */
    insideKib: positive,
    /** PSS of the others that belong to it. */
    aroundKib: positive,
    processes: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
  v.strictObject({ kind: v.literal("not-measured"), reason: v.string() }),
]);

const rowSchema = v.strictObject({
  name: v.string(),
  what: v.string(),
  version: v.optional(v.string()),
  latency: v.optional(latencySchema),
  /** By how many ran at once; the median of several blocks. */
  jobsPerSecond: v.optional(v.record(v.string(), positive)),
  memory: v.optional(memorySchema),
});

const targetSchema = v.strictObject({
  what: v.string(),
  bound: v.string(),
  measured: v.optional(positive),
  /** The two figures that were compared. */
  from: v.optional(v.string()),
  verdict: v.picklist(["met", "not met", "not measured"]),
});

/** The whole report. */
export const benchReportSchema = v.strictObject({
  schema: v.literal(benchSchemaVersion),
  machine: v.strictObject({ kernel: v.string(), architecture: v.string(), cpus: count, uid: positive }),
  cupel: v.string(),
  rows: v.array(rowSchema),
  missing: v.array(v.strictObject({ name: v.string(), reason: v.string() })),
  targets: v.array(targetSchema),
});

/** One run. */
export type BenchReport = v.InferOutput<typeof benchReportSchema>;

/** One contestant's figures. */
export type Row = v.InferOutput<typeof rowSchema>;

/** Memory of an idle sandbox. */
export type Memory = v.InferOutput<typeof memorySchema>;

/** One target and what became of it. */
export type TargetResult = v.InferOutput<typeof targetSchema>;
