/** A verification: what attacks on a sandbox came to, guarantee by guarantee. */
import type { GuaranteeId } from "./guarantee.ts";

/** Version of the shapes below. */
export const verificationSchema = 1;

/** `not-applicable`: this host has not what the attack needs, so that there is nothing to be kept from it. */
export const attackVerdicts = ["held", "broke", "unknown", "not-applicable"] as const;

/** What one attack on one sandbox came to. */
export interface AttackResult {
  /** Its id in the catalogue: `A01`. */
  readonly attack: string;
  readonly verdict: (typeof attackVerdicts)[number];
  /** What was seen, one line. */
  readonly because: string;
  /** Of an attack that broke something, where it did not break all that it is about: what it broke. */
  readonly broke?: readonly GuaranteeId[] | undefined;
}

/** `not-provided`: the strategy says itself that it does not keep it. */
export const guaranteeStates = ["held", "broken", "not-provided", "unknown"] as const;

/** What the attacks on one guarantee came to. */
export interface GuaranteeResult {
  readonly id: GuaranteeId;
  readonly state: (typeof guaranteeStates)[number];
  /** Attacks that told something. */
  readonly attacks: number;
  /** Ids of those that broke it; of what is not provided, those that show that it is lacking. */
  readonly brokenBy: readonly string[];
  /** One line. */
  readonly because: string;
}

/** What was attacked: a strategy of cupel's, or a command that runs programs in a sandbox of its own. */
export interface AttackedSubject {
  readonly kind: "strategy" | "command";
  /** The strategy's id, or the command's words. */
  readonly name: string;
  /** See {@link VerifiedSet.mechanisms}; empty for a command. */
  readonly mechanisms: string;
}

/** One subject, attacked. */
export interface SubjectResult extends AttackedSubject {
  readonly guarantees: readonly GuaranteeResult[];
  readonly attacks: readonly AttackResult[];
  readonly durationMs: number;
}

/** Everything that one `cupel verify` found. */
export interface Verification {
  readonly schema: typeof verificationSchema;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly depth: VerificationDepth;
  readonly subjects: readonly SubjectResult[];
  readonly durationMs: number;
}

/** `quick`: one attack for each guarantee. */
export const verificationDepths = ["full", "quick"] as const;

/** One of {@link verificationDepths}. */
export type VerificationDepth = (typeof verificationDepths)[number];

/** One guarantee that was told of, as it is kept for later. */
export interface VerifiedGuarantee {
  readonly id: GuaranteeId;
  readonly state: "held" | "broken";
  readonly depth: VerificationDepth;
  /** The attack that broke it; empty where none did. */
  readonly attack: string;
}

/** What was verified of one strategy with one set of mechanisms: it holds for that set and no other. */
export interface VerifiedSet {
  readonly strategy: string;
  /** See `mechanismsOf`. */
  readonly mechanisms: string;
  readonly guarantees: readonly VerifiedGuarantee[];
}

/** What is kept of all verifications on one host, beside the report. */
export interface SavedVerification {
  readonly schema: typeof verificationSchema;
  readonly fingerprintParts: Readonly<Record<string, string>>;
  readonly sets: readonly VerifiedSet[];
}
