import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { compatDifferences, compatSeccompProfile } from "../../src/launch/seccomp-compat.ts";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { defaultSeccompProfile } from "../../src/launch/seccomp-profile.ts";
import { seccompProfileOf } from "../../src/launch/seccomp-profiles.ts";
import type { SeccompAnswer } from "../../src/launch/seccomp-rule.ts";
import { withoutSockets } from "../../src/launch/seccomp-sockets.ts";
import { strictSeccompProfile } from "../../src/launch/seccomp-strict.ts";
import { systemCallNumber, type SystemCallName } from "../../src/launch/system-call-numbers.ts";
import { seccompProfileNames } from "../../src/model/job.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { facts, factsWithoutSockets } from "../fixtures/seccomp-facts.ts";
import { parseProgram, runProgram, type CallVerdict } from "../support/bpf-interpreter.ts";
import { compileC } from "../support/compile-c.ts";
import { launchProgram } from "../support/launch-program.ts";
import { needsPrograms } from "../support/must-work.ts";
import { audit } from "../support/seccomp-oracle.ts";

type Question = (name: SystemCallName, values: readonly (number | bigint)[]) => SeccompAnswer | "kill" | undefined;

/** Asks the compiled filter; undefined where the architecture lacks the call. */
function createQuestion(plan: Pick<LauncherPlan, "seccomp" | "sockets">, architecture: "x64" | "arm64"): Question {
  const profile = seccompProfileOf(plan);
  if (profile === undefined) throw new Error("no profile");
  const filter = parseProgram(compileSeccomp(profile, architecture));
  return (name, values) => {
    const number = systemCallNumber(name, architecture);
    if (number === undefined) return undefined;
    return runProgram(filter, { architecture: audit[architecture], number, arguments: values.map(BigInt) });
  };
}

function verdict(answer: number | "allow" | undefined): CallVerdict {
  return typeof answer === "number" ? { errno: answer } : "allow";
}

describe.each(["x64", "arm64"] as const)("the profiles on %s", (architecture) => {
  test.each(seccompProfileNames)("%s says what it is to say", (seccomp) => {
    const ask = createQuestion({ seccomp, sockets: "by-profile" }, architecture);
    const at = seccompProfileNames.indexOf(seccomp);
    const known = facts.filter(([name]) => systemCallNumber(name, architecture) !== undefined);
    const expected = known.map(([name, values, ...answers]) => [name, values, verdict(answers[at])]);
    expect(known.map(([name, values]) => [name, values, ask(name, values)])).toEqual(expected);
  });

  test.each(seccompProfileNames)("%s without sockets says what it is to say", (seccomp) => {
    const ask = createQuestion({ seccomp, sockets: "pairs-only" }, architecture);
    const expected = factsWithoutSockets.map(([name, values, answer]) => [name, values, verdict(answer)]);
    expect(factsWithoutSockets.map(([name, values]) => [name, values, ask(name, values)])).toEqual(expected);
  });

  test("strict allows some hundred calls", () => {
    const allowed = strictSeccompProfile.entries.filter(
      ({ name, rule }) =>
        systemCallNumber(name, architecture) !== undefined &&
        [rule.otherwise, ...rule.clauses.map(({ answer }) => answer)].includes("allow"),
    );
    expect(allowed.length).toBeGreaterThan(100);
    expect(allowed.length).toBeLessThan(150);
  });
});

describe("seccompProfileOf", () => {
  test("is no profile where the plan has none", () =>
    expect(seccompProfileOf({ seccomp: "none", sockets: "by-profile" })).toBeUndefined());
});

describe("compat", () => {
  test("differs from the default where it says so, with a reason, and nowhere else", () => {
    const differing = compatDifferences.map(({ name }) => name);
    const others = (profile: typeof defaultSeccompProfile): unknown[] =>
      profile.entries
        .filter(({ name }) => !differing.includes(name))
        .toSorted((one, other) => (one.name < other.name ? -1 : 1));
    expect(others(compatSeccompProfile)).toEqual(others(defaultSeccompProfile));
    expect(compatSeccompProfile.otherwise).toBe(defaultSeccompProfile.otherwise);
    expect(compatDifferences.filter(({ because }) => !/^\S.{20,110}[^.]$/.test(because))).toEqual([]);
    expect(differing.filter((name) => !defaultSeccompProfile.entries.some((entry) => entry.name === name))).toEqual([]);
  });
});

describe("strict", () => {
  test("allows nothing that the default profile denies", () => {
    for (const [name, values, ...[inDefault, inStrict]] of facts) {
      if (inStrict === "allow") expect([name, values, inDefault]).toEqual([name, values, "allow"]);
    }
  });

  test("is the same without sockets: it has none", () => {
    const ask = createQuestion({ seccomp: "strict", sockets: "by-profile" }, "x64");
    const askWithout = createQuestion({ seccomp: "strict", sockets: "pairs-only" }, "x64");
    for (const [name, values] of factsWithoutSockets.filter(([one]) => !["bind", "connect"].includes(one))) {
      expect([name, values, askWithout(name, values)]).toEqual([name, values, ask(name, values)]);
    }
    const names = (profile: typeof strictSeccompProfile): string[] =>
      profile.entries.map(({ name }) => name).toSorted();
    expect(names(withoutSockets(strictSeccompProfile))).toEqual(names(strictSeccompProfile));
  });
});

const architecture = process.arch === "arm64" ? "arm64" : "x64";

/** A call with its arguments, as system-calls.c reads it. */
interface Call {
  readonly name: SystemCallName;
  readonly number: number;
  readonly arguments: readonly bigint[];
}

function callOf(name: SystemCallName, ...values: readonly bigint[]): Call {
  return { name, number: systemCallNumber(name, architecture) ?? -1, arguments: values };
}

/** -1 is no pointer, no descriptor and no length: every call fails at once. vhangup has no argument, and may not fail. */
const refused: readonly Call[] = defaultSeccompProfile.entries
  .filter(({ rule, name }) => rule.clauses.length === 0 && name !== "vhangup")
  .filter(({ name }) => systemCallNumber(name, architecture) !== undefined)
  .map(({ name }) => callOf(name, -1n, -1n, -1n, -1n, -1n, -1n));

/** TIOCSTI and FIONREAD; families of sockets; personalities: each also with bits set that the kernel does not look at. */
const argued: readonly Call[] = [
  ...[0x5412n, 0x1_0000_5412n, 0x541cn, 0x541bn, 0x1_0000_541bn].map((command) => callOf("ioctl", 0n, command)),
  ...[1n, 2n, 10n, 16n, 17n, 40n, 0x1_0000_0001n, 0x1_0000_0011n].map((family) => callOf("socket", family, 2n, 0n)),
  ...[1n, 2n, 3n, 5n, 0x80001n, 0x1_0000_0001n].map((type) => callOf("socketpair", 1n, type, 0n, -1n)),
  ...[0xffff_ffffn, 0n, 0x0040_0000n, 0x1_0040_0000n].map((persona) => callOf("personality", persona)),
  ...[0n, 0x400n, 0x1_0000_0000n, 0x1_0000_0400n].map((flags) => callOf("unshare", flags)),
  ...[22n, 0x1_0000_0016n, 39n, 0x1_0000_0027n].map((option) => callOf("prctl", option, -1n, 0n, 0n, 0n)),
];

const calls = [...refused, ...argued];

async function callAll(plan: Pick<LauncherPlan, "seccomp" | "sockets">): Promise<string[]> {
  const program = compileC(resolve(import.meta.dir, "../support/system-calls.c"), { flags: ["-static", "-O1"] });
  const words = calls.map((call) =>
    [call.number, ...call.arguments.map((value) => BigInt.asUintN(64, value))].join(","),
  );
  const { stdout, events } = await launchProgram(barePlan([program, ...words], plan));
  expect(events.find(({ event }) => event === "ended")).toMatchObject({ status: 0 });
  return stdout.trimEnd().split("\n");
}

const unfiltered = { seccomp: "none", sockets: "by-profile" } as const;

describe("the launcher's filter", () => {
  const needsCompiler = needsPrograms("gcc");
  const plans = seccompProfileNames.flatMap((seccomp) => [
    { seccomp, sockets: "by-profile" } as const,
    { seccomp, sockets: "pairs-only" } as const,
  ]);

  for (const plan of plans) {
    needsCompiler(`does with each call what ${plan.seccomp} says, sockets ${plan.sockets}`, async () => {
      const ask = createQuestion(plan, architecture);
      const [free, filtered] = [await callAll(unfiltered), await callAll(plan)];
      const expected = calls.map((call, index) => {
        const said = ask(call.name, call.arguments);
        if (said === "kill" || said === undefined) return "killed";
        return typeof said === "object" ? String(said.errno) : (free[index] ?? "");
      });
      const describeAll = (results: readonly string[]): string[] =>
        calls.map(({ name, arguments: values }, index) => `${name}(${values.join(", ")}): ${results[index]}`);
      expect(describeAll(filtered)).toEqual(describeAll(expected));
    });
  }

  needsCompiler("keeps limits off the first process, which without it a job could end by them", async () => {
    const program = compileC(resolve(import.meta.dir, "../support/system-calls.c"), { flags: ["-static", "-O1"] });
    const inside = { uid: 1000, gid: 1000 };
    const number = systemCallNumber("prlimit64", architecture) ?? -1;
    const limitFirst = async (plan: Partial<LauncherPlan>): Promise<string> => {
      const words = [program, `${number},1,0,0,0`] as const;
      return (await launchProgram(barePlan(words, { namespaces: ["user", "pid"], inside, ...plan }))).stdout;
    };
    expect([await limitFirst(unfiltered), await limitFirst({ seccomp: "compat" })]).toEqual(["ok\n", "1\n"]);
  });

  needsCompiler(
    "is the reason: without it the calls end otherwise, and cut arguments off as the rules say",
    async () => {
      const free = await callAll(unfiltered);
      const of = (name: SystemCallName, ...values: readonly bigint[]): string | undefined =>
        free[
          calls.findIndex((call) => call.name === name && values.every((value, at) => call.arguments[at] === value))
        ];
      expect({
        mount: of("mount"),
        push: of("ioctl", 0n, 0x5412n),
        pushWithHighBits: of("ioctl", 0n, 0x1_0000_5412n),
        socket: of("socket", 1n),
        socketWithHighBits: of("socket", 0x1_0000_0001n),
        persona: of("personality", 0x0040_0000n),
        personaWithHighBits: of("personality", 0x1_0040_0000n),
        unshare: of("unshare", 0x400n),
        unshareWithHighBits: of("unshare", 0x1_0000_0400n),
        option: of("prctl", 39n, -1n),
        optionWithHighBits: of("prctl", 0x1_0000_0027n, -1n),
      }).toEqual({
        mount: "14",
        push: "25",
        pushWithHighBits: "25",
        socket: "ok",
        socketWithHighBits: "ok",
        persona: "ok",
        personaWithHighBits: "ok",
        unshare: "ok",
        unshareWithHighBits: "22",
        option: "22",
        optionWithHighBits: "22",
      });
      expect(of("clone3")).not.toBe("38");
      expect(of("keyctl")).not.toBe("1");
    },
  );
});
