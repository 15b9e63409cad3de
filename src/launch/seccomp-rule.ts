/**
 * What a seccomp profile is made of. A rule is a list of clauses: the first whose tests all hold gives the answer.
 *
 * A filter sees arguments as 64 bits, but the kernel casts each to its parameter's type before it looks
 * (__SC_CAST, linux/syscalls.h). A test must look at exactly as many: fewer would let a forbidden value pass in
 * disguise, more would take an allowed one for another. Hence every test names the parameter's type.
 */
import type { SystemCallName } from "./system-call-numbers.ts";

/** What becomes of a call: it is carried out, fails with an errno, or is left to whoever listens (seccomp_unotify(2)). */
export type SeccompAnswer = "allow" | "ask" | { readonly errno: number };

/** Bits of an argument that the kernel takes, by the parameter's type in C. */
export const argumentBits = {
  int: 32,
  "unsigned int": 32,
  /** An unsigned short; masks must lie within its 16 bits. */
  umode_t: 32,
  "unsigned long": 64,
  /** clone(2)'s flags: an unsigned long of which the kernel takes lower_32_bits() (kernel/fork.c, Linux 5.8). */
  "lower half of unsigned long": 32,
} as const;

/** One of {@link argumentBits}. */
export type ArgumentType = keyof typeof argumentBits;

/**
 * Holds if the argument is one of `values`. With `mask`, its bits outside the mask's low 32 are left out of the comparison;
 * the upper half of a 64-bit argument is never left out: it must be 0.
 */
export interface ArgumentTest {
  readonly argument: number;
  readonly type: ArgumentType;
  /** 32 bits. */
  readonly mask?: number | undefined;
  /** 32 bits each. */
  readonly values: readonly number[];
}

/** Gives the answer where all tests hold. */
export interface SeccompClause {
  readonly when: readonly ArgumentTest[];
  readonly answer: SeccompAnswer;
}

/** What becomes of one call. */
export interface SeccompRule {
  readonly clauses: readonly SeccompClause[];
  /** Where no clause fits. */
  readonly otherwise: SeccompAnswer;
}

/** One call and its rule. */
export interface SeccompEntry {
  readonly name: SystemCallName;
  readonly rule: SeccompRule;
}

/** A whole profile. */
export interface SeccompProfile {
  readonly entries: readonly SeccompEntry[];
  /** What becomes of every other call, also of those that no kernel has yet. */
  readonly otherwise: SeccompAnswer;
}

const EPERM = 1;
const ENOSYS = 38;

/** Answered for what an unprivileged process may not do anyhow. */
export const notPermitted: SeccompAnswer = { errno: EPERM };

/** Answered like a kernel that lacks the call, so that programs take their other path. */
export const unknownCall: SeccompAnswer = { errno: ENOSYS };

/** The same answer whatever the arguments. */
export function always(answer: SeccompAnswer): SeccompRule {
  return { clauses: [], otherwise: answer };
}

/** One answer where an argument passes a test, another otherwise. */
export function where(test: ArgumentTest, answer: SeccompAnswer, otherwise: SeccompAnswer): SeccompRule {
  return { clauses: [{ when: [test], answer }], otherwise };
}

/** Entries of one rule for several calls. */
export function entriesOf(rule: SeccompRule, names: readonly SystemCallName[]): SeccompEntry[] {
  return names.map((name) => ({ name, rule }));
}

/** A profile with some of its entries replaced, and what it had none for added. */
export function withEntries(profile: SeccompProfile, entries: readonly SeccompEntry[]): SeccompProfile {
  const replaced = new Set(entries.map(({ name }) => name));
  return { ...profile, entries: [...profile.entries.filter(({ name }) => !replaced.has(name)), ...entries] };
}
