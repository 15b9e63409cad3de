import { describe, expect, test } from "bun:test";
import {
  areas,
  blockerCodes,
  capabilityStates,
  evidenceLevels,
  isBelowUserManager,
  isUsable,
} from "../../src/model/capability.ts";

describe("isUsable", () => {
  test("is true for what works in whole or in part, and for nothing else", () => {
    const usable = Object.fromEntries(capabilityStates.map((state) => [state, isUsable({ state })]));
    expect(usable).toEqual({
      works: true,
      degraded: true,
      blocked: false,
      absent: false,
      broken: false,
      unknown: false,
      "not-applicable": false,
    });
  });

  test("is false for a capability that was never measured", () => expect(isUsable(undefined)).toBeFalse());
});

describe("isBelowUserManager", () => {
  test.each([
    ["/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice", true],
    ["/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service", true],
    ["/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope", false],
    ["/sys/fs/cgroup/user@1000.services/x", false],
    [3, false],
    [undefined, false],
  ])("of %p", (place, isBelow) => expect(isBelowUserManager(place)).toBe(isBelow));
});

describe("capability words", () => {
  test.each([
    ["states", capabilityStates],
    ["evidence levels", evidenceLevels],
    ["blocker codes", blockerCodes],
    ["areas", areas],
  ])("%s are unique and kebab-case", (_, words: readonly string[]) => {
    expect(new Set(words).size).toBe(words.length);
    expect(words.filter((word) => !/^[a-z]+(-[a-z]+)*(:[a-z]+)?$/.test(word))).toEqual([]);
  });

  test("evidence levels go from the strongest to the weakest", () =>
    expect(evidenceLevels).toEqual(["enforced", "exercised", "opened", "declared", "inferred"]));
});
