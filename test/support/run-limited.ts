/** `cupel run` with caps, and the outcome that it writes, which has to be of the published shape. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import type { Outcome } from "../../src/model/outcome.ts";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import type { CallOptions, InstalledCupel } from "./run-cli.ts";
import { makeTempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** What came of it. */
export interface Limited {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly outcome: Outcome;
}

/** Runs it with `words` behind `run`. */
export async function runLimited(
  cupel: InstalledCupel,
  caller: Caller,
  words: readonly string[],
  options: CallOptions = {},
): Promise<Limited> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("result.json");
  const { code, stdout, stderr } = await cupel.run(caller, ["run", "--result", path, ...words], options);
  return { code, stdout, stderr, outcome: v.parse(outcomeShape, JSON.parse(readFileSync(path, "utf8"))) };
}

/** The number that the evidence has for an action. */
export function counted({ outcome }: Limited, action: string): number {
  return Number(outcome.cause.evidence.find((evidence) => evidence.action.includes(action))?.result);
}

/** What the launcher told of such an event. */
export function told({ outcome }: Limited, event: string): Readonly<Record<string, number | string>> | undefined {
  const evidence = outcome.cause.evidence.find(({ action }) => action === `launcher: ${event}`);
  return evidence === undefined ? undefined : (JSON.parse(evidence.result) as Record<string, number | string>);
}

/** What became of the cap of that name. */
export function limitOf({ outcome }: Limited, name: string): Outcome["limits"][number] | undefined {
  return outcome.limits.find((limit) => limit.name === name);
}
