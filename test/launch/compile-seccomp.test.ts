import { describe, expect, test } from "bun:test";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { always, where, type SeccompProfile } from "../../src/launch/seccomp-rule.ts";
import {
  systemCallNumbers,
  type SeccompArchitecture,
  type SystemCallName,
} from "../../src/launch/system-call-numbers.ts";
import { parseProgram, runProgram, type CallVerdict } from "../support/bpf-interpreter.ts";
import { allProfiles, answerOf, audit, ruleOf, tellingArguments } from "../support/seccomp-oracle.ts";

const architectures = ["x64", "arm64"] as const;
const cases = Object.entries(allProfiles).flatMap(([name, profile]) =>
  architectures.map((architecture) => ({ name, profile, architecture })),
);

/** Asks the compiled filter about one call of its own architecture. */
function createFilter(profile: SeccompProfile, architecture: SeccompArchitecture) {
  const program = parseProgram(compileSeccomp(profile, architecture));
  return (number: number, values: readonly bigint[] = []): CallVerdict =>
    runProgram(program, { architecture: audit[architecture], number, arguments: values });
}

/** Past the last call of every kernel, up to where x32 begins, and what is negative: -1 is no call, not one of x32's. */
const beyond = [1024, 4096, 0x3fff_ffff, 0x8000_0000 | 0, -1, -2];
const numbers = [...Array.from({ length: 1024 }, (_, number) => number), ...beyond];

describe.each(cases)("the profile $name on $architecture", ({ profile, architecture }) => {
  const filter = createFilter(profile, architecture);

  test("answers every call as its rule says, whatever the arguments' high bits", () => {
    const isX32 = (number: number): boolean => architecture === "x64" && (number & 0x4000_0000) !== 0 && number !== -1;
    const wrong: unknown[] = [];
    for (const number of numbers) {
      const rule = ruleOf(profile, architecture, number);
      for (const values of tellingArguments(rule)) {
        const expected: CallVerdict = isX32(number) ? "kill" : answerOf(rule, values);
        const verdict = filter(number, values);
        if (!Bun.deepEquals(verdict, expected)) wrong.push({ number, values, verdict, expected });
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  test("kills whoever calls as another architecture, whatever the number", () => {
    const program = parseProgram(compileSeccomp(profile, architecture));
    const others = Object.values(audit).filter((value) => value !== audit[architecture]);
    const alive = others.flatMap((other) =>
      numbers.filter((number) => runProgram(program, { architecture: other, number }) !== "kill"),
    );
    expect(others).toHaveLength(3);
    expect(alive).toEqual([]);
  });

  test("kills every number of x32 on x86-64; arm64 has none and answers as to any that it does not know", () => {
    const x32 = numbers.slice(0, 1024).map((number) => 0x4000_0000 | number);
    const expected = architecture === "x64" ? "kill" : profile.otherwise;
    expect(x32.filter((number) => !Bun.deepEquals(filter(number), expected))).toEqual([]);
  });

  test("is short enough for the kernel, and a search of a few steps", () => {
    const bytes = compileSeccomp(profile, architecture);
    // BPF_MAXINSNS, linux/bpf_common.h.
    expect(bytes.length / 8).toBeLessThan(4096);
    const program = parseProgram(bytes);
    const steps = numbers.map((number) => {
      let count = 0;
      runProgram(program, { architecture: audit[architecture], number }, () => count++);
      return count;
    });
    // A search over some 200 segments, twice where a jump is far, and the longest rule: strict's ioctl.
    expect(Math.max(...steps)).toBeLessThan(50);
  });
});

describe("compileSeccomp", () => {
  const only = (name: SystemCallName, rule: SeccompProfile["entries"][number]["rule"]): SeccompProfile => ({
    otherwise: "allow",
    entries: [{ name, rule }],
  });

  test("allows everything for an empty profile, but other architectures", () => {
    const program = parseProgram(compileSeccomp({ otherwise: "allow", entries: [] }, "x64"));
    expect(runProgram(program, { architecture: audit.x64, number: 101 })).toBe("allow");
    expect(runProgram(program, { architecture: audit.arm64, number: 101 })).toBe("kill");
  });

  test("leaves out what an architecture does not have", () => {
    const profile = only("iopl", always({ errno: 1 }));
    expect(createFilter(profile, "x64")(172)).toEqual({ errno: 1 });
    expect(numbers.filter((number) => createFilter(profile, "arm64")(number) !== "allow")).toEqual([]);
  });

  test("compares an int by its low half and an unsigned long whole", () => {
    const verdicts = (type: "int" | "unsigned long"): CallVerdict[] => {
      const rule = where({ argument: 5, type, values: [7] }, { errno: 9 }, "allow");
      const filter = createFilter(only("read", rule), "x64");
      return [7n, 0x1_0000_0007n, 0x8000_0000_0000_0007n, 6n].map((value) => filter(0, [0n, 0n, 0n, 0n, 0n, value]));
    };
    const denied = { errno: 9 };
    expect(verdicts("int")).toEqual([denied, denied, denied, "allow"]);
    expect(verdicts("unsigned long")).toEqual([denied, "allow", "allow", "allow"]);
  });

  test("does not hang on the profile's order, and does not change it", () => {
    for (const { profile, architecture } of cases) {
      const reversed = { ...profile, entries: profile.entries.toReversed() };
      const copy = structuredClone(reversed);
      expect(compileSeccomp(reversed, architecture)).toEqual(compileSeccomp(profile, architecture));
      expect(reversed).toEqual(copy);
    }
  });

  test("jumps further than one byte says", () => {
    const names = (Object.keys(systemCallNumbers) as SystemCallName[]).filter((name) => systemCallNumbers[name][0]);
    const entries = names.map((name, index) => ({
      name,
      rule: where({ argument: 0, type: "int", values: [index, index + 1] }, { errno: index + 1 }, "allow"),
    }));
    const filter = createFilter({ otherwise: { errno: 999 }, entries }, "x64");
    const wrong = names.filter((name, index) => {
      const number = systemCallNumbers[name][0];
      const verdicts = [index, index + 1, index + 2].map((value) => filter(number, [BigInt(value)]));
      return !Bun.deepEquals(verdicts, [{ errno: index + 1 }, { errno: index + 1 }, "allow"]);
    });
    expect(names.length).toBeGreaterThan(200);
    expect(wrong).toEqual([]);
    expect(filter(1000)).toEqual({ errno: 999 });
  });
});
