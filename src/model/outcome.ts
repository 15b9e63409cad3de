/** An outcome: what became of a job. */
import type { GuaranteeDecision, GuaranteeId } from "./guarantee.ts";
import type { Evidence } from "./capability.ts";

/** Version of the outcome's shape. */
export const outcomeSchema = 1;

/** How a job ended. */
export type OutcomeStatus =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: string; readonly number: number }
  | { readonly kind: "timeout"; readonly timeoutMs: number }
  | { readonly kind: "out-of-memory" }
  | { readonly kind: "not-found"; readonly program: string }
  | { readonly kind: "not-executable"; readonly program: string; readonly errno: string }
  /** No strategy keeps what was demanded. */
  | { readonly kind: "refused"; readonly message: string }
  /** cupel failed before or around the job. */
  | { readonly kind: "failed"; readonly message: string };

/** What the job's tree used, as far as it was measured. */
export interface Usage {
  readonly wallMs: number;
  readonly userMs: number;
  readonly systemMs: number;
  /** Peak resident memory of the largest process, in bytes (getrusage(2)), not of the tree. */
  readonly maxRssBytes: number;
}

/** What became of one cap. */
export interface LimitOutcome {
  readonly id: "limit.time" | "limit.memory" | "limit.cpu" | "limit.pids";
  readonly requested: number;
  readonly stated: boolean;
  readonly enforced: boolean;
  readonly by: string;
}

/** Connections to one destination that were denied, for one reason. */
export interface Denial {
  /** As the job named it; empty where what it said was no request. */
  readonly host: string;
  /** 0 where there was none. */
  readonly port: number;
  readonly reason: "host-not-listed" | "port-not-listed" | "address-not-listed" | "malformed";
  /** Where an allowed name led to it, and what it is: `this host's loopback`. */
  readonly address?: string | undefined;
  /** Of a request that was none: what is wrong with it. */
  readonly kind?: string | undefined;
  readonly count: number;
}

/** What a job that may connect to listed destinations was given and denied. */
export interface NetworkOutcome {
  /** Connections that were made. */
  readonly allowed: number;
  readonly denied: number;
  /** The denied ones, each destination and reason once; the first hundred. */
  readonly denials: readonly Denial[];
}

/** The whole outcome, as `--result` writes it. */
export interface Outcome {
  readonly schema: typeof outcomeSchema;
  readonly status: OutcomeStatus;
  /** What shows that the cause is this one. */
  readonly evidence: readonly Evidence[];
  /** Exit code of cupel. */
  readonly exitCode: number;
  readonly strategy?: string | undefined;
  /** Id of the report that the choice was made from. */
  readonly report?: string | undefined;
  readonly guarantees: readonly GuaranteeDecision[];
  /** Demanded guarantees that were given up by name. */
  readonly accepted: readonly GuaranteeId[];
  readonly limits: readonly LimitOutcome[];
  readonly usage?: Usage | undefined;
  /** Absent where the job had no list of destinations. */
  readonly network?: NetworkOutcome | undefined;
}
