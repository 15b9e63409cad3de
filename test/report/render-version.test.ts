import { expect, test } from "bun:test";
import { renderVersion } from "../../src/report/render-version.ts";

const release = {
  version: "0.1.0",
  build: "3d1f",
  commit: "0123456789abcdef0123456789abcdef01234567",
  target: "linux-x64",
  releaseKey: "MCowBQ==",
};

test("renderVersion says of a release version, build, commit and platform in one line", () => {
  expect(renderVersion(release)).toBe("cupel 0.1.0 (build 3d1f, commit 0123456789ab, linux-x64)\n");
});

test("renderVersion says of any other build that no key tells it who made a release", () => {
  const local = { ...release, commit: null, target: null, releaseKey: null };
  expect(renderVersion(local)).toBe("cupel 0.1.0 (build 3d1f, no release key)\n");
});
