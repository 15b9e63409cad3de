/** What attacks by the host's side are made of: where, how the attacker or another program is run there, and what it came to. */
import type { AttackControl, AttackScope, SandboxWishes } from "./attack-spec.ts";
import { runAttacker, type AttackerEnd, type AttackerRun } from "./run-attacker.ts";

/** Where a host's attack is made. */
export interface HostStage {
  /** What stands in front of a program; none: without a sandbox; undefined where it cannot be asked for that. */
  prefix(wishes: SandboxWishes): readonly string[] | undefined;
  /** The attacker, in a place of this stage's own. */
  readonly program: string;
  readonly workspace: string;
  readonly openFile: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a host's attack came to: the sign that it succeeded, if it did; why nothing can be told; or why it cannot be made. */
export type HostFinding =
  | { readonly sign: string | undefined; readonly failure?: undefined; readonly doubt?: undefined }
  | { readonly failure: string; readonly sign?: undefined; readonly doubt?: undefined }
  | { readonly doubt: string; readonly sign?: undefined; readonly failure?: undefined };

/** One attack by the host's side. */
export interface HostAttack extends AttackScope {
  readonly control: AttackControl;
  attempt(stage: HostStage): Promise<HostFinding>;
}

/** Longer than any run of them takes. */
export const runDeadlineMs = 10_000;

/** What is run, and how. */
export type StageRun = Pick<AttackerRun, "orders" | "killAfterMs" | "killAfterAttacks"> & {
  /** A program of the host's and its arguments, in the attacker's place. */
  readonly words?: readonly string[];
  /** What stands in front of the sandbox's own words. */
  readonly before?: readonly string[];
};

/** Runs it; undefined where the sandbox cannot be asked for that. */
export async function runOnStage(
  stage: HostStage,
  wishes: SandboxWishes,
  { words, before = [], ...rest }: StageRun,
): Promise<AttackerEnd | undefined> {
  const prefix = stage.prefix(wishes);
  if (prefix === undefined) return undefined;
  return runAttacker({
    command: [...before, ...prefix, ...(words ?? [stage.program])],
    directory: stage.workspace,
    environment: stage.environment,
    openFile: stage.openFile,
    deadlineMs: runDeadlineMs,
    ...rest,
  });
}

/** Of a sandbox that cannot be asked for what an attack takes. */
export const noWish = { failure: "it takes words of cupel's own" };

/** Whether something stands between the attack and the host. */
export function isSandboxed(stage: HostStage): boolean {
  return stage.prefix({})?.length !== 0;
}

/** Promises are kept within a moment, not at once (pdeath signals and closed channels take one). */
export const momentMs = 300;

/** Waits. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
