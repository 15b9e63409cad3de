/** How a program that makes a sandbox is called, for a plan that leaves that to it. */
import type { LauncherPlan } from "../model/plan.ts";
import type { MakerPlan } from "../model/program-plan.ts";
import type { callTimes } from "./protocol.ts";

/** What is to be read, or a file or directory of the host's, opened through no link. */
export type MakerInput = { readonly content: Uint8Array } | { readonly source: string };

/** What else an engine's client is called for: see `callTimes` in protocol.ts. */
export interface FurtherCall {
  readonly time: keyof typeof callTimes;
  /** Absent: by the same path. */
  readonly path?: string | undefined;
  readonly arguments: readonly string[];
}

/** A call: exactly what is executed. */
export interface MakerCall {
  readonly path: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it finds at descriptors, from `makerDescriptors.firstInput` on. */
  readonly inputs: readonly MakerInput[];
  /** How long it may take until there is a job. */
  readonly startTimeoutMs: number;
  /**
   * An engine, which stays beside the sandbox and has others make it. It is given no inputs at descriptors: what it shows
   * it finds by path; called by root, each of them at {@link stagedInput}.
   */
  readonly isEngine?: true | undefined;
  /**
   * An engine whose daemon starts the container: nothing is inherited, and the first process comes to a socket in this
   * directory, which is in the container at `gatePlaces.gate`.
   */
  readonly gate?: string | undefined;
  /** The same, where its client passes on what it has as its standard input: that socket, without a path. */
  readonly joinsByInput?: true | undefined;
  /**
   * Where its daemon listens, if that runs without root's rights: in a user namespace of the caller's, where the caller is
   * root.
   */
  readonly rootlessDaemon?: string | undefined;
  readonly furtherCalls?: readonly FurtherCall[] | undefined;
}

/** Where root's engine finds the input of this number: opened through no link, with the owners that the plan says. */
export function stagedInput(index: number): string {
  return `/sys/${index}`;
}

/** A plan of a maker's, or of one of them. */
export type MadePlan<Program extends MakerPlan["program"] = MakerPlan["program"]> = LauncherPlan & {
  readonly maker: Extract<MakerPlan, { program: Program }>;
};

/** Whether another program makes the sandbox of this plan. */
export function isMade(plan: LauncherPlan): plan is MadePlan {
  return plan.maker !== undefined;
}

/** Whether it is this one. */
export function isMadeBy<Program extends MakerPlan["program"]>(
  plan: LauncherPlan,
  program: Program,
): plan is MadePlan<Program> {
  return plan.maker?.program === program;
}
