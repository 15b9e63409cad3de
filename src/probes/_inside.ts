/** What the prober saw inside somebody else's sandbox, which it was run in as the job. */
import * as v from "valibot";
import { errnoName } from "../host/errno-name.ts";
import type { Evidence } from "../model/capability.ts";
import { readSteps, errnoAt, valueAt, type Reading } from "./_steps.ts";

const lineSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ step: v.string(), errno: v.number(), value: v.number(), text: v.optional(v.string(), "") }),
);

/** The prober's lines among whatever else a program wrote. */
export function parseInside(stdout: string): Reading {
  const steps = stdout.split("\n").flatMap((line) => {
    const parsed = v.safeParse(lineSchema, line);
    return parsed.success ? [{ ...parsed.output, errno: errnoName(parsed.output.errno) }] : [];
  });
  return readSteps("inside", { status: "ended", steps, durationMs: 0 });
}

/** Whether the prober came to its end: that it was run at all, and whole. */
export function isWhole(reading: Reading): boolean {
  return reading.steps.has("pid") && reading.steps.has("end");
}

/** Kinds of namespace by the prober's steps. */
const kinds = ["network", "pid", "mount", "ipc", "uts", "user"] as const;

/** Kinds of namespace. */
export type NamespaceKindInside = (typeof kinds)[number];

/** Kinds that are the same inside as outside, of those asked for; what could not be read counts as the same. */
export function sharedNamespaces(
  inside: Reading,
  outside: Reading,
  asked: readonly NamespaceKindInside[],
): NamespaceKindInside[] {
  return asked.filter((kind) => {
    const there = valueAt(inside, `namespace-${kind}`);
    return there === undefined || there === valueAt(outside, `namespace-${kind}`);
  });
}

/** What was seen, in words: the same facts outside and inside. */
export function insideEvidence(inside: Reading, outside: Reading): Evidence[] {
  const namespaces = kinds.map((kind) => {
    const numbers = [outside, inside].map((reading) => valueAt(reading, `namespace-${kind}`) ?? "unknown");
    return `${kind} ${numbers.join("/")}`;
  });
  const facts = ["pid", "no-new-privs", "seccomp-mode", "capabilities-effective"].map(
    (step) => `${step} ${valueAt(inside, step) ?? errnoAt(inside, step) ?? "unknown"}`,
  );
  return [
    { action: "namespaces outside/inside", result: namespaces.join(", ") },
    { action: "the process inside", result: facts.join(", ") },
    { action: "create a file in / inside", result: errnoAt(inside, "root-write") ?? "not reached" },
  ];
}
