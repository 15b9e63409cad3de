import { describe, expect, test } from "bun:test";
import { compareVersions, isVersion } from "../../src/model/release-version.ts";

describe("isVersion", () => {
  test.each(["1.2.3", "0.0.0", "10.20.30", "1.2.3-rc.1", "1.2.3-alpha"])("takes %p", (text) =>
    expect(isVersion(text)).toBe(true),
  );
  test.each(["", "1", "1.2", "v1.2.3", "1.2.3-", "1.2.3+build", "1.2.3/..", "1.2.3\n", "latest", "1.2.3-a-b"])(
    "does not take %p",
    (text) => expect(isVersion(text)).toBe(false),
  );
});

describe("compareVersions", () => {
  /** The order of Semantic Versioning 2.0.0, §11, with its own example in it. */
  const ordered = [
    "0.9.10",
    "1.0.0-1",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
    "10.0.0",
  ];

  test("puts every one of them before those that follow it, and beside itself", () => {
    for (const [at, left] of ordered.entries())
      for (const [other, right] of ordered.entries())
        expect([left, right, Math.sign(compareVersions(left, right))]).toEqual([left, right, Math.sign(at - other)]);
  });
});
