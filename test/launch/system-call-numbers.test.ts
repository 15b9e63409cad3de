import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { guardProfile } from "../../src/launch/seccomp-guard.ts";
import {
  systemCallNumber,
  systemCallNumbers,
  type SeccompArchitecture,
  type SystemCallName,
} from "../../src/launch/system-call-numbers.ts";
import { needs } from "../support/must-work.ts";
import { allProfiles } from "../support/seccomp-oracle.ts";

/** Headers of the C library's development package; arm64 has the generic numbers. */
const headers = { x64: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", arm64: "/usr/include/asm-generic/unistd.h" };

/** Calls that the headers of Debian 12 (Linux 6.1) are too old for. */
const newerThanHeaders = {
  fchmodat2: 452,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_setattr: 469,
  listns: 470,
};

const names = Object.keys(systemCallNumbers) as SystemCallName[];

/** Names and numbers that a header defines, without those that stand for another. */
function parseHeader(text: string): Record<string, number> {
  const definitions = text.matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm);
  return Object.fromEntries(Array.from(definitions, ([, name = "", number]) => [name, Number(number)]));
}

describe.each(["x64", "arm64"] as const)("system call numbers of %s", (architecture: SeccompArchitecture) => {
  const path = headers[architecture];

  needs(existsSync(path), `${path} is not installed`)("are the header's, and lacking where it lacks them", () => {
    const theirs = { ...parseHeader(readFileSync(path, "utf8")), ...newerThanHeaders };
    const ours = Object.fromEntries(names.map((name) => [name, systemCallNumber(name, architecture)]));
    expect(ours).toEqual(Object.fromEntries(names.map((name) => [name, theirs[name as keyof typeof theirs]])));
  });

  test("are each one call's", () => {
    const numbers = names.flatMap((name) => systemCallNumber(name, architecture) ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBeGreaterThan(200);
  });
});

describe("system call numbers", () => {
  test("are the same on all architectures from 424 on", () => {
    const common = names
      .map((name) => systemCallNumbers[name])
      .filter(([x64, arm64]) => Math.max(x64 ?? 0, arm64 ?? 0) >= 424);
    expect(common.length).toBeGreaterThan(15);
    expect(common.filter(([x64, arm64]) => x64 !== arm64)).toEqual([]);
  });

  test("are those of calls that some profile names, each once in each profile", () => {
    const profiles = [...Object.values(allProfiles), guardProfile].map(({ entries }) =>
      entries.map(({ name }) => name),
    );
    expect([...new Set(profiles.flat())].toSorted()).toEqual(names.toSorted());
    for (const named of profiles) expect(new Set(named).size).toBe(named.length);
  });
});
