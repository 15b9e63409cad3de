/** What seccomp profiles say of calls, in the plainest words there are; and the calls that tell their rules apart. */
import { compatSeccompProfile } from "../../src/launch/seccomp-compat.ts";
import { defaultSeccompProfile } from "../../src/launch/seccomp-profile.ts";
import type { ArgumentTest, SeccompAnswer, SeccompProfile, SeccompRule } from "../../src/launch/seccomp-rule.ts";
import { withoutSockets } from "../../src/launch/seccomp-sockets.ts";
import { strictSeccompProfile } from "../../src/launch/seccomp-strict.ts";
import { systemCallNumber, type SeccompArchitecture } from "../../src/launch/system-call-numbers.ts";

/** Every profile that a job can get. */
export const allProfiles: Readonly<Record<string, SeccompProfile>> = {
  default: defaultSeccompProfile,
  strict: strictSeccompProfile,
  compat: compatSeccompProfile,
  "default without sockets": withoutSockets(defaultSeccompProfile),
  "strict without sockets": withoutSockets(strictSeccompProfile),
  "compat without sockets": withoutSockets(compatSeccompProfile),
};

/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 and others that a process of such a machine can call as (linux/audit.h). */
export const audit = { x64: 0xc000_003e, arm64: 0xc000_00b7, i386: 0x4000_0003, arm: 0x4000_0028 } as const;

/** Types of which the kernel takes 64 bits: written here a second time. */
const wholeTypes: readonly string[] = ["unsigned long"];

/** Bits of arguments that a type cuts off differ from the filter's. */
function passes({ argument, type, mask, values }: ArgumentTest, given: readonly bigint[]): boolean {
  const value = given[argument] ?? 0n;
  const isWhole = wholeTypes.includes(type);
  const high = isWhole ? (value >> 32n) & 0xffff_ffffn : 0n;
  const low = value & (mask === undefined ? 0xffff_ffffn : BigInt(mask >>> 0));
  return high === 0n && values.some((one) => BigInt(one) === low);
}

/** The answer of a rule to a call with these arguments. */
export function answerOf({ clauses, otherwise }: SeccompRule, given: readonly bigint[]): SeccompAnswer {
  return clauses.find(({ when }) => when.every((test) => passes(test, given)))?.answer ?? otherwise;
}

/** The rule of a call by its number. */
export function ruleOf(profile: SeccompProfile, architecture: SeccompArchitecture, number: number): SeccompRule {
  const entry = profile.entries.find(({ name }) => systemCallNumber(name, architecture) === number);
  return entry?.rule ?? { clauses: [], otherwise: profile.otherwise };
}

/** One bit above what 32 of them hold, all of them, and the sign. */
const highs = [0n, 1n << 32n, 0xffff_ffff_0000_0000n, 1n << 63n];

/** Low halves that a test ought to tell apart: its values, their neighbours, each bit of its mask, all, none. */
function tellingValues({ mask = 0xffff_ffff, values }: ArgumentTest): bigint[] {
  const wide = BigInt(mask >>> 0);
  const near = values.flatMap((value) => [value - 1, value, value + 1, value + 0x100]);
  const bits = Array.from({ length: 32 }, (_, bit) => 1n << BigInt(bit));
  const all = [0n, 0xffff_ffffn, wide, wide ^ 0xffff_ffffn, ...near.map((value) => BigInt(value)), ...bits];
  return [...new Set(all.map((value) => BigInt.asUintN(32, value)))];
}

/** Argument lists that tell the clauses of a rule apart, with high bits in one argument at a time. */
export function tellingArguments({ clauses }: SeccompRule): bigint[][] {
  const byArgument = new Map<number, Set<bigint>>();
  for (const test of clauses.flatMap(({ when }) => when)) {
    const known = byArgument.get(test.argument) ?? new Set();
    byArgument.set(test.argument, new Set([...known, ...tellingValues(test)]));
  }
  const filler = Array.from({ length: 6 }, (_, index) => 0x1111n * BigInt(index + 1));
  let lists: bigint[][] = [filler];
  for (const [argument, values] of byArgument) {
    lists = lists.flatMap((list) => [...values].map((value) => list.with(argument, value)));
  }
  return [...byArgument.keys()]
    .flatMap((argument) =>
      highs.flatMap((high) => lists.map((list) => list.with(argument, (list[argument] ?? 0n) | high))),
    )
    .concat(byArgument.size === 0 ? [filler, filler.map(() => 0xffff_ffff_ffff_ffffn)] : []);
}
