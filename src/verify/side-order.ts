/** What one sitting of attacks on one side needs. */
import type { AttackSpec, SandboxWishes } from "./attack-spec.ts";
import type { Egress } from "./canaries/egress.ts";
import type { WorkspaceUse } from "./canaries/files.ts";

/** What every side needs. */
export interface SideSurroundings {
  /** The victim, as it is executed. */
  readonly victimProgram: string;
  readonly home: string | undefined;
  readonly workspaceUse: WorkspaceUse;
  /** The caller's own variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** Facts that a job must not share with the host. */
  readonly hostFacts: Readonly<Record<string, string>>;
  /** Of jobs that may connect to what they list. */
  readonly egress?: Omit<Egress, "allowedHosts" | "close"> | undefined;
}

/** One sitting of one side. */
export interface SideOrder extends SideSurroundings {
  /** Whether there is a sandbox around it. */
  readonly isInside: boolean;
  /** What stands in front of the attacker at this path; none: without a sandbox. */
  readonly prefix: (program: string) => readonly string[];
  readonly attacks: readonly AttackSpec[];
  readonly wishes: SandboxWishes;
  /** How many times as long as usual attacks may take. */
  readonly patience: number;
}
