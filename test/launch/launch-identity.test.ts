import { describe, expect, test } from "bun:test";
import { outsideIdentity, seccompArchitecture } from "../../src/launch/launch-identity.ts";
import { CupelError } from "../../src/model/error.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

describe("seccompArchitecture", () => {
  test.each(["x64", "arm64"] as const)("takes %s", (name) => expect(seccompArchitecture(name)).toBe(name));
  test.each(["ia32", "riscv64", ""])("refuses %p", (name) =>
    expect(() => seccompArchitecture(name)).toThrow(CupelError),
  );
});

describe("outsideIdentity", () => {
  const map = (text: string) => createFixtureHost({ uid: 0, files: { "/proc/self/uid_map": text } });

  test("is the caller's where the plan says so", () =>
    expect(outsideIdentity(barePlan(["a"]), createFixtureHost({ uid: 1001 }))).toEqual({ uid: 1001, gid: 1001 }));

  test("is fresh where the plan says so, and the map has such ids", () => {
    const fresh = outsideIdentity(barePlan(["a"], { outside: "fresh" }), map("0 0 4294967295\n"));
    expect(fresh.uid).toBeGreaterThanOrEqual(0x7000_0000);
  });

  test("is the overflow id where the map is small", () =>
    expect(outsideIdentity(barePlan(["a"], { outside: "fresh" }), map("0 100000 65536\n")).uid).toBe(65_534));
});
