/** The shape of an attack by the host's side. */
import type { AttackControl, AttackScope, SandboxWishes } from "./attack-spec.ts";

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

/** What a host's attack came to: the sign that it succeeded, if it did, or why it could not be made. */
export type HostFinding =
  { readonly sign: string | undefined; readonly failure?: undefined } | { readonly failure: string };

/** One attack by the host's side. */
export interface HostAttack extends AttackScope {
  readonly control: AttackControl;
  attempt(stage: HostStage): Promise<HostFinding>;
}
