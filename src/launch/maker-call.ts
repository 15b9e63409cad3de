/** How a program that makes a sandbox is called, for a plan that leaves that to it. */
import type { LauncherPlan, MakerPlan } from "../model/plan.ts";

/** What is to be read, or a file or directory of the host's, opened through no link. */
export type MakerInput = { readonly content: Uint8Array } | { readonly source: string };

/** A call: exactly what is executed. */
export interface MakerCall {
  readonly path: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it finds at descriptors, from `makerDescriptors.firstInput` on. */
  readonly inputs: readonly MakerInput[];
  /** How long it may take until there is a job. */
  readonly startTimeoutMs: number;
}

/** A plan of a maker's. */
export type MadePlan = LauncherPlan & { readonly maker: MakerPlan };

/** Whether another program makes the sandbox of this plan. */
export function isMade(plan: LauncherPlan): plan is MadePlan {
  return plan.maker !== undefined;
}
