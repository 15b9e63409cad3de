/** How an attack is carried out and judged, besides what the attacker's own table says of it. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackKey } from "./attack-keys.ts";
import type { AttackRecord } from "./attack-record.ts";
import type { Attack } from "./attack.ts";

/** What a sandbox is asked for besides; absent is not asked. */
export interface SandboxWishes {
  readonly pids?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
  /** Of each place that the job can write to. */
  readonly diskBytes?: number | undefined;
  readonly outputBytes?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** A file with a secret, which the job is to be given in every way that needs no network. */
  readonly secretPath?: string | undefined;
  /** A secret that its proxy is to put into requests to one host, by words of `run`, and hosts that it lists besides. */
  readonly injection?: { readonly header: string; readonly hosts: readonly string[]; readonly secret: string };
  /** Where the outcome is to be written. */
  readonly resultPath?: string | undefined;
  /** `NAME=value`. */
  readonly variable?: string | undefined;
  /** A path that the job may change. */
  readonly writable?: string | undefined;
  /** What becomes of changes to the workspace in the end; absent: they are dropped, where it is not written through. */
  readonly changes?: "kept" | "applied" | undefined;
}

/** What a state or an amount is held against. */
export interface StateContext {
  /** What the host itself is: facts that a job must not share with it, by the fact's name. */
  readonly host: Readonly<Record<string, string>>;
  /** Names of variables that this sandbox gives besides those of every job. */
  readonly variables: readonly string[];
  readonly wishes: SandboxWishes;
}

/** Runs of one attack in sandboxes of their own. */
export interface AttackLegs {
  /** Keys of each run. */
  readonly keys: readonly Partial<Record<AttackKey, string>>[];
  /** At the same time, the later ones a moment after the first; otherwise one after the other. */
  readonly isTogether: boolean;
  /** Keys of a run without a sandbox that takes away what is left. */
  readonly cleanUp?: Partial<Record<AttackKey, string>> | undefined;
}

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
  /** What its sandbox is asked for; attacks that ask for nothing share one. */
  readonly wishes?: SandboxWishes | undefined;
  /** It may end its whole sandbox, which is then what its cap is for. */
  readonly isEndHeld?: boolean | undefined;
  /** What it gains puts a process before others of the same kernel: nothing, where that kernel is the job's alone. */
  readonly isRank?: boolean | undefined;
  /** What makes it impossible inside is what a sandbox takes away. */
  readonly isLackHeld?: boolean | undefined;
  readonly legs?: AttackLegs | undefined;
  /** A hit there is this attack's whenever it is seen, and no other's: what becomes of processes takes a moment. */
  readonly touches?: readonly ("process" | "supervisor-pid" | "exe-pid" | "exe-file")[] | undefined;
  /**
   * Signs that break a guarantee, where not every sign breaks each of them: tested on `token:CHANNEL`,
   * `change:CANARY`, `gained:WORDS` and `state`.
   */
  readonly signs?: Readonly<Partial<Record<GuaranteeId, RegExp>>> | undefined;
  /** What is wrong with the state or the amounts that were told; undefined where nothing is. */
  readonly findBreach?: ((record: AttackRecord, context: StateContext) => string | undefined) | undefined;
  /** Why it proves nothing that nothing was seen of it; undefined where that says something. */
  readonly findDoubt?: ((record: AttackRecord) => string | undefined) | undefined;
  /** Told by the same attack without a sandbox, by its channel: the attack inside knows it by this key. */
  readonly toldBefore?: { readonly channel: string; readonly key: AttackKey } | undefined;
  /** How much of something it uses, by key. */
  readonly amounts?: Partial<Record<AttackKey, string>> | undefined;
  readonly deadlineMs?: number | undefined;
}

/** What attacks on one guarantee are worth to it. */
export interface AttackScope {
  readonly id: string;
  readonly title: string;
  readonly guarantees: readonly GuaranteeId[];
  readonly quickFor?: readonly GuaranteeId[] | undefined;
}

/** One attack, whole. */
export type AttackSpec = Omit<Attack, "control" | "guarantees"> & AttackRule & Pick<Attack, "guarantees">;
