/** Asks the kernel for its verdict on calls, none of which is carried out. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { SeccompProfile } from "../../src/launch/seccomp-rule.ts";
import type { SeccompArchitecture } from "../../src/launch/system-call-numbers.ts";
import { compileC } from "./compile-c.ts";
import { answerOf, ruleOf } from "./seccomp-oracle.ts";
import { makeTempDir } from "./temp-dir.ts";

/** A call by the usual door, or by `int 0x80`. */
export interface Call {
  readonly door: "syscall" | "int 0x80";
  readonly number: number;
  readonly values: readonly bigint[];
}

/** As the program reads them. */
export function encodeCalls(calls: readonly Call[]): Uint8Array {
  const words = new BigUint64Array(calls.length * 8);
  calls.forEach(({ door, number, values }, index) => {
    words[index * 8] = door === "syscall" ? 0n : 1n;
    words[index * 8 + 1] = BigInt.asUintN(64, BigInt(number));
    values.forEach((value, at) => (words[index * 8 + 2 + at] = BigInt.asUintN(64, value)));
  });
  return new Uint8Array(words.buffer);
}

/** The verdict on what is carried out, were it not for the program. */
export const allowed = 4000;
/** On what kills its caller (SIGSYS). */
export const killed = -31;

/** The program: FILTER CALLS, and verdicts on its standard output. */
export function compileVerdicts(): string {
  return compileC(join(import.meta.dir, "seccomp-verdicts.c"), { flags: ["-static", "-O1"] });
}

/** What it wrote. */
export function readVerdicts(bytes: Uint8Array): number[] {
  return Array.from(new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
}

/** What the kernel does with each: {@link allowed}, an errno, or {@link killed}. */
export function askKernel(filter: Uint8Array, calls: readonly Call[]): number[] {
  using directory = makeTempDir();
  const program = compileVerdicts();
  const words = [directory.file("filter", filter), directory.file("calls", encodeCalls(calls))];
  const { status, stdout } = spawnSync(program, words, { maxBuffer: 1 << 26, timeout: 60_000 });
  if (status !== 0) throw new Error(`seccomp-verdicts ended with ${status}`);
  return readVerdicts(stdout);
}

/** Calls of which the kernel says something else than the profile. */
export function findWrong(
  profile: SeccompProfile,
  architecture: SeccompArchitecture,
  calls: readonly Call[],
  verdicts: readonly number[],
): unknown[] {
  return calls.flatMap((call, index) => {
    const answer = answerOf(ruleOf(profile, architecture, call.number), call.values);
    const expected = typeof answer === "object" ? answer.errno : allowed;
    return verdicts[index] === expected ? [] : [{ ...call, verdict: verdicts[index], expected }];
  });
}
