import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { compileSeccomp } from "../../src/launch/compile-seccomp.ts";
import { defaultSeccompProfile } from "../../src/launch/seccomp-profile.ts";
import type { SeccompArchitecture } from "../../src/launch/seccomp-profile.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { parseProgram, runProgram } from "../support/bpf-interpreter.ts";
import { compileC } from "../support/compile-c.ts";
import { launchProgram } from "../support/launch-program.ts";
import { needs, needsPrograms } from "../support/must-work.ts";

/** Headers of the C library's development package; arm64 has the generic numbers. */
const headers = { x64: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", arm64: "/usr/include/asm-generic/unistd.h" };

/** Calls that the headers of Debian 12 (Linux 6.1) are too old for. */
const newerThanHeaders = ["fchmodat2", "open_tree_attr"];

/** Names and numbers that a header defines, without those that stand for another. */
function parseHeader(text: string): Record<string, number> {
  const definitions = text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
  return Object.fromEntries(Array.from(definitions, ([, name = "", number]) => [name, Number(number)]));
}

function profileNumbers(architecture: SeccompArchitecture): Record<string, number> {
  const entries = defaultSeccompProfile.filter(({ name }) => !newerThanHeaders.includes(name));
  return Object.fromEntries(
    entries.flatMap(({ name, [architecture]: number }) => (number === undefined ? [] : [[name, number]])),
  );
}

describe("defaultSeccompProfile", () => {
  test.each(["x64", "arm64"] as const)("names each call and each number of %s once", (architecture) => {
    const names = defaultSeccompProfile.map(({ name }) => name);
    const numbers = defaultSeccompProfile.flatMap((entry) => entry[architecture] ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  for (const [architecture, path] of Object.entries(headers)) {
    needs(existsSync(path), `${path} is not installed`)(`has the numbers of ${architecture}'s own header`, () => {
      const ours = profileNumbers(architecture as SeccompArchitecture);
      const theirs = parseHeader(readFileSync(path, "utf8"));
      expect(ours).toEqual(Object.fromEntries(Object.keys(ours).map((name) => [name, theirs[name] ?? -1])));
    });

    needs(existsSync(path), `${path} is not installed`)(
      `leaves out on ${architecture} only what it does not have`,
      () => {
        const theirs = parseHeader(readFileSync(path, "utf8"));
        const left = defaultSeccompProfile.filter((entry) => entry[architecture as SeccompArchitecture] === undefined);
        expect(left.filter(({ name }) => theirs[name] !== undefined)).toEqual([]);
      },
    );
  }

  test("has numbers newer than the headers from the common table, which is one for all architectures since 424", () => {
    const newer = defaultSeccompProfile.filter(({ name }) => newerThanHeaders.includes(name));
    expect(newer.map(({ name, x64, arm64 }) => [name, x64, arm64])).toEqual([
      ["open_tree_attr", 467, 467],
      ["fchmodat2", 452, 452],
    ]);
    const common = defaultSeccompProfile.filter(({ x64 = 0, arm64 = 0 }) => x64 >= 424 || arm64 >= 424);
    expect(common.filter(({ x64, arm64 }) => x64 !== arm64)).toEqual([]);
  });
});

const architecture = process.arch === "arm64" ? "arm64" : "x64";
const auditArchitecture = { x64: 0xc000_003e, arm64: 0xc000_00b7 }[architecture];

/** A call with its arguments, as system-calls.c reads it. */
interface Call {
  readonly name: string;
  readonly number: number;
  readonly arguments: readonly bigint[];
}

function numberOf(name: string): number {
  return defaultSeccompProfile.find((entry) => entry.name === name)?.[architecture] ?? -1;
}

/** -1 is no pointer, no descriptor and no length: every call fails at once. vhangup has no argument, and may not fail. */
const refused: readonly Call[] = defaultSeccompProfile
  .filter((entry) => entry.rule.rule === "deny" && entry[architecture] !== undefined && entry.name !== "vhangup")
  .map(({ name }) => ({ name, number: numberOf(name), arguments: [-1n, -1n, -1n, -1n, -1n, -1n] }));

/** TIOCSTI and FIONREAD; families of sockets; personalities: each also with bits set that the kernel does not look at. */
const argued: readonly Call[] = [
  ...[0x5412n, 0x1_0000_5412n, 0x541cn, 0x541bn, 0x1_0000_541bn].map((command) => ["ioctl", 0n, command] as const),
  ...[1n, 2n, 10n, 16n, 17n, 40n, 0x1_0000_0001n, 0x1_0000_0011n].map((family) => ["socket", family, 2n] as const),
  ...[0xffff_ffffn, 0n, 0x0040_0000n, 0x1_0040_0000n].map((persona) => ["personality", persona] as const),
].map(([name, ...values]) => ({ name, number: numberOf(name), arguments: values }));

const calls = [...refused, ...argued];

async function callAll(seccomp: "default" | "none"): Promise<string[]> {
  const program = compileC(resolve(import.meta.dir, "../support/system-calls.c"), { flags: ["-static", "-O1"] });
  const words = calls.map((call) =>
    [call.number, ...call.arguments.map((value) => BigInt.asUintN(64, value))].join(","),
  );
  const { stdout, events } = await launchProgram(barePlan([program, ...words], { seccomp }));
  expect(events.at(-1)).toMatchObject({ event: "ended", status: 0 });
  return stdout.trimEnd().split("\n");
}

describe("the kernel", () => {
  const needsCompiler = needsPrograms("gcc");

  needsCompiler("does with each call what the filter says", async () => {
    const filter = parseProgram(compileSeccomp(defaultSeccompProfile, architecture));
    const [free, filtered] = [await callAll("none"), await callAll("default")];
    const expected = calls.map((call, index) => {
      const verdict = runProgram(filter, { architecture: auditArchitecture, ...call });
      if (verdict === "kill") return "killed";
      return verdict === "allow" ? (free[index] ?? "") : String(verdict.errno);
    });
    const describeAll = (results: readonly string[]): string[] =>
      calls.map(({ name, arguments: [first, second] }, index) => `${name}(${first}, ${second}): ${results[index]}`);
    expect(describeAll(filtered)).toEqual(describeAll(expected));
  });

  needsCompiler("would have done otherwise without it", async () => {
    const free = await callAll("none");
    const of = (name: string, ...values: readonly bigint[]): string | undefined =>
      free[calls.findIndex((call) => call.name === name && values.every((value, at) => call.arguments[at] === value))];
    expect({
      unshare: of("unshare"),
      mount: of("mount"),
      push: of("ioctl", 0n, 0x5412n),
      pushWithHighBits: of("ioctl", 0n, 0x1_0000_5412n),
      socket: of("socket", 1n),
      persona: of("personality", 0x0040_0000n),
    }).toEqual({ unshare: "22", mount: "14", push: "25", pushWithHighBits: "25", socket: "ok", persona: "ok" });
    expect(of("clone3")).not.toBe("38");
    expect(of("keyctl")).not.toBe("1");
  });
});
