import { describe, expect, test } from "bun:test";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import {
  defaultSeccompProfile,
  type SeccompArchitecture,
  type SeccompEntry,
  type SeccompRule,
} from "../../src/launch/seccomp-profile.ts";
import { parseProgram, runProgram, type CallVerdict } from "../support/bpf-interpreter.ts";

/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 and others that a process of such a machine can call as (linux/audit.h). */
const audit = { x64: 0xc000_003e, arm64: 0xc000_00b7, i386: 0x4000_0003, arm: 0x4000_0028, riscv64: 0xc000_00f3 };
const architectures = ["x64", "arm64"] as const;

/** Asks the compiled filter about one call of its own architecture. */
function createFilter(profile: readonly SeccompEntry[], architecture: SeccompArchitecture) {
  const program = parseProgram(compileSeccomp(profile, architecture));
  return (number: number, ...values: readonly bigint[]): CallVerdict =>
    runProgram(program, { architecture: audit[architecture], number, arguments: values });
}

/** Arguments of a call that put `value` where the rule looks, and something else everywhere else. */
function withArgument(rule: SeccompRule, value: bigint): bigint[] {
  const values = Array.from({ length: 6 }, (_, index) => 0x1111n * BigInt(index + 1));
  if (rule.rule === "deny-bits-where") values[rule.whereArgument] = BigInt(rule.whereBits & -rule.whereBits);
  if (rule.rule !== "deny") values[rule.argument] = value;
  return values;
}

/** Low 32 bits that a rule ought to tell apart: its own values, their neighbours, every single bit. */
function telling(rule: SeccompRule): bigint[] {
  const own = "values" in rule ? rule.values : "bits" in rule ? [rule.bits] : [];
  const near = own.flatMap((value) => [value - 1, value, value + 1]).filter((value) => value >= 0);
  const bits = Array.from({ length: 32 }, (_, bit) => 1n << BigInt(bit));
  return [0n, 0xffff_ffffn, ...bits, ...near.map((value) => BigInt.asUintN(32, BigInt(value)))];
}

/** What a rule says, in the plainest words there are. */
function expected(rule: SeccompRule, low: bigint): CallVerdict {
  const denied = { errno: rule.errno };
  switch (rule.rule) {
    case "deny":
      return denied;
    case "deny-bits":
    case "deny-bits-where":
      return (low & BigInt(rule.bits)) === 0n ? "allow" : denied;
    case "deny-values":
      return rule.values.map(BigInt).includes(low) ? denied : "allow";
    case "only-values":
      return rule.values.map(BigInt).includes(low) ? "allow" : denied;
  }
}

describe.each(architectures)("compileSeccomp on %s", (architecture) => {
  const filter = createFilter(defaultSeccompProfile, architecture);
  const entries = defaultSeccompProfile.filter((entry) => entry[architecture] !== undefined);

  test.each(entries.map((entry) => [entry.name, entry] as const))("does with %s what its rule says", (_, entry) => {
    const number = entry[architecture] ?? -1;
    for (const low of telling(entry.rule)) {
      expect({ low, verdict: filter(number, ...withArgument(entry.rule, low)) }).toEqual({
        low,
        verdict: expected(entry.rule, low),
      });
    }
  });

  test("is not changed by the high half of an argument, which the kernel does not look at", () => {
    const highs = [1n << 32n, 0xffff_ffff_0000_0000n, 1n << 63n];
    const argued = entries.filter(({ rule }) => rule.rule !== "deny");
    expect(argued.map(({ name }) => name)).toContain("ioctl");
    for (const { rule, ...entry } of argued) {
      for (const low of telling(rule)) {
        const verdicts = highs.map((high) => filter(entry[architecture] ?? -1, ...withArgument(rule, high | low)));
        expect(verdicts).toEqual(highs.map(() => expected(rule, low)));
      }
    }
  });

  test("looks at a mode only where the flags say that a file is made", () => {
    const openat = entries.find(({ name }) => name === "openat");
    const [setUid, none, creat, temporaryFile, append] = [0o4755n, 0n, 0o100n, 0o20200000n, 0o2000n];
    const verdicts = [none, append, creat, temporaryFile, creat | append].map((flags) =>
      filter(openat?.[architecture] ?? -1, 0n, 0n, flags, setUid),
    );
    const denied = { errno: 1 };
    expect(verdicts).toEqual(["allow", "allow", denied, denied, denied]);
  });

  test("allows every number that the profile does not name", () => {
    const named = new Set(entries.map((entry) => entry[architecture]));
    const unnamed = Array.from({ length: 601 }, (_, number) => number).filter((number) => !named.has(number));
    expect(unnamed.filter((number) => filter(number) !== "allow")).toEqual([]);
    expect(unnamed.length).toBe(601 - named.size);
  });

  test("kills whoever calls as another architecture, whatever the number", () => {
    const program = parseProgram(compileSeccomp(defaultSeccompProfile, architecture));
    const others = Object.values(audit).filter((value) => value !== audit[architecture]);
    const verdicts = others.flatMap((other) =>
      [0, 1, 101, 435, 600].map((number) => runProgram(program, { architecture: other, number })),
    );
    expect(new Set(verdicts)).toEqual(new Set(["kill"]));
  });

  test("is short enough for the kernel", () => {
    const bytes = compileSeccomp(defaultSeccompProfile, architecture);
    // BPF_MAXINSNS, linux/bpf_common.h.
    expect(bytes.length / 8).toBeLessThan(4096);
  });
});

describe("compileSeccomp", () => {
  test("kills calls of x32 on x86-64, and has no such calls on arm64", () => {
    const x32 = 0x4000_0000;
    const numbers = [0, 101, 435, 512, 547].map((number) => x32 | number);
    const [x64, arm64] = architectures.map((architecture) => createFilter(defaultSeccompProfile, architecture));
    expect(numbers.map((number) => x64?.(number))).toEqual(numbers.map(() => "kill"));
    expect(numbers.map((number) => arm64?.(number))).toEqual(numbers.map(() => "allow"));
  });

  test("allows everything for an empty profile, but other architectures", () => {
    const program = parseProgram(compileSeccomp([], "x64"));
    expect(runProgram(program, { architecture: audit.x64, number: 101 })).toBe("allow");
    expect(runProgram(program, { architecture: audit.arm64, number: 101 })).toBe("kill");
  });

  test("leaves out what an architecture does not have", () => {
    const profile: SeccompEntry[] = [{ name: "iopl", x64: 172, rule: { rule: "deny", errno: 1 } }];
    expect(createFilter(profile, "x64")(172)).toEqual({ errno: 1 });
    expect(createFilter(profile, "arm64")(172)).toBe("allow");
  });

  test("does not hang on the profile's order, and does not change it", () => {
    const reversed = defaultSeccompProfile.toReversed();
    const copy = structuredClone(reversed);
    expect(compileSeccomp(reversed, "x64")).toEqual(compileSeccomp(defaultSeccompProfile, "x64"));
    expect(reversed).toEqual(copy);
  });

  test("jumps further than one byte says", () => {
    const profile = Array.from({ length: 600 }, (_, index): SeccompEntry => ({
      name: `call ${index}`,
      x64: index * 2,
      rule: { rule: "deny-values", argument: 0, values: [index, index + 1], errno: index + 1 },
    }));
    const filter = createFilter(profile, "x64");
    const wrong = profile.filter(
      ({ x64 = 0 }, index) =>
        !Bun.deepEquals(filter(x64, BigInt(index)), { errno: index + 1 }) ||
        filter(x64, BigInt(index + 2)) !== "allow" ||
        filter(x64 + 1) !== "allow",
    );
    expect(wrong).toEqual([]);
  });
});
