import { expect, test } from "bun:test";
import { renderVersion } from "../../src/report/render-version.ts";

test("renderVersion says version and build in one line", () => {
  expect(renderVersion({ version: "0.1.0", build: "3d1f" })).toBe("cupel 0.1.0 (build 3d1f)\n");
});
