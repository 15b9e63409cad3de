/** What a probe is. One probe is one file: a default export of {@link defineProbe}. */
import type { HelperPort } from "../launch/helper-port.ts";
import type { OwnScope } from "../launch/own-scope.ts";
import type { Host } from "../host/host.ts";
import type {
  Area,
  BlockerCode,
  CapabilityState,
  EvidenceLevel,
  Evidence,
  Blocker,
  Finding,
} from "../model/capability.ts";

/** What a probe is given. It reads and does; it keeps no state and changes nothing on the host. */
export interface ProbeContext {
  readonly host: Host;
  readonly helpers: HelperPort;
  /** `--deep`: also what takes seconds, such as booting a kernel. */
  readonly deep: boolean;
  /** What became of cupel's leaving of the login session's scope that it was started in, if it was in one. */
  readonly ownScope?: OwnScope | undefined;
}

/** A family of capabilities, established together. */
export interface Probe<Id extends string = string> {
  /** The file's name without its ending. */
  readonly id: string;
  readonly area: Area;
  /** Id and title of every capability that the probe reports. */
  readonly capabilities: Readonly<Record<Id, string>>;
  /**
   * `slow`: runs another sandbox, an engine or a manager, or measures time; no job waits for it that cupel's own launcher
   * can run.
   */
  readonly pace?: "slow" | undefined;
  /** After this the whole family is `unknown`. */
  readonly deadlineMs: number;
  /** One finding for each capability. What throws becomes `unknown` with the error as evidence. */
  run(context: ProbeContext): Promise<Readonly<Record<Id, Finding>>>;
}

/** Declares a probe; keeps the capability ids as literal types. */
export function defineProbe<const Id extends string>(probe: Probe<Id>): Probe<Id> {
  return probe;
}

/** What {@link finding} needs; the rest is empty unless given. */
export interface FindingParts {
  readonly state: CapabilityState;
  readonly level: EvidenceLevel;
  readonly summary: string;
  readonly evidence?: readonly Evidence[];
  readonly blockers?: readonly Blocker[];
  readonly ruledOut?: readonly BlockerCode[];
  readonly value?: string | number | undefined;
}

/** A whole finding from its parts. */
export function finding(parts: FindingParts): Finding {
  return { evidence: [], blockers: [], ruledOut: [], ...parts };
}
