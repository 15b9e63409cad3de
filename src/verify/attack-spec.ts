/** How an attack is carried out and judged, besides what the attacker's own table says of it. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackKey } from "./attack-keys.ts";
import type { AttackRecord } from "./attack-record.ts";
import type { Attack } from "./attacks.ts";

/** Caps of one round; absent ones are not given. */
export interface RoundCaps {
  readonly pids?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
}

/** What a state or an amount is held against. */
export interface StateContext {
  /** What the host itself is: facts that a job must not share with it, by the fact's name. */
  readonly host: Readonly<Record<string, string>>;
  readonly caps: RoundCaps;
  /** What the attacker was told. */
  readonly keys: Readonly<Record<string, string>>;
}

/** Attacks of one round are made in one sandbox, one after the other. */
export const attackRounds = ["plain", "processes", "memory", "cpu"] as const;

/** One of {@link attackRounds}. */
export type AttackRound = (typeof attackRounds)[number];

/** What shows that an attack can succeed at all: the same one without a sandbox, in the same run. */
export type AttackControl =
  /** It has to succeed for everyone. */
  | { readonly by: "everyone" }
  /** Only root can do it without a sandbox; for others there is nothing to be kept from. */
  | { readonly by: "root" }
  /** Hosts differ in it, and where it does not succeed there is nothing to be kept from. */
  | { readonly by: "some"; readonly reason: string }
  /** It cannot be made without a sandbox, or proves nothing there. */
  | { readonly by: "none"; readonly reason: string };

/** What is known of an attack besides the table of the attacker. */
export interface AttackRule {
  readonly control: AttackControl;
  /** Instead of the table's. */
  readonly guarantees?: readonly GuaranteeId[] | undefined;
  /** The guarantees of which it is the one attack that says most: `--quick` makes these alone. */
  readonly quickFor?: readonly GuaranteeId[] | undefined;
  readonly round?: AttackRound | undefined;
  /** Canaries on which a hit is this attack's, where the hit does not name it. */
  readonly touches?: readonly (AttackKey | "process" | "signal" | "settings")[] | undefined;
  /** What is wrong with the state or the amounts that were told; undefined where nothing is. */
  readonly findBreach?: ((record: AttackRecord, context: StateContext) => string | undefined) | undefined;
  /** How much of something it uses, by key. */
  readonly amounts?: ((caps: RoundCaps) => Partial<Record<AttackKey, string>>) | undefined;
  readonly deadlineMs?: number | undefined;
}

/** One attack, whole. */
export type AttackSpec = Omit<Attack, "control" | "guarantees"> & AttackRule & Pick<Attack, "guarantees">;
