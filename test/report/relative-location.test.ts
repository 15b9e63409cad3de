import { describe, expect, test } from "bun:test";
import { relativeLocation } from "../../src/report/relative-location.ts";

describe("relativeLocation", () => {
  test.each([
    ["cupel.yaml", "cupel.yaml"],
    ["./.github//workflows/../workflows/ci.yaml", ".github/workflows/ci.yaml"],
    ["ci/..a.yaml", "ci/..a.yaml"],
  ])("takes %s", (path, expected) => expect(relativeLocation(path)).toBe(expected));

  test.each(["/etc/passwd", "../a", "a/../../b", "", ".", "file:///a", "C:\\a", "a\\b"])("refuses %j", (path) =>
    expect(() => relativeLocation(path)).toThrow(`the location "${path}" is no path of a file in the repository`),
  );
});
