import { expect, test } from "bun:test";
import { checkHelpers } from "../../src/verify/check-helpers.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;

test("checkHelpers finds the helpers and their copies as they were built", () => {
  using directory = makeTempDir();
  const state = directory.at("state");
  const found = checkHelpers([state], uid);
  expect(found.map(({ name, result }) => `${name} ${result}`)).toEqual([
    "launcher passed",
    "prober passed",
    "attacker passed",
  ]);
  expect(found[0]?.summary).toMatch(/^sha256 [0-9a-f]{16}…, as built; so is the copy \//);
});

test("checkHelpers says where no copy can be kept", () => {
  using directory = makeTempDir();
  const file = directory.file("file");
  expect(checkHelpers([file], uid)).toEqual(
    ["launcher", "prober", "attacker"].map((name) => ({
      name,
      result: "failed",
      summary: `no copy can be kept to be executed: ${file}: EEXIST`,
    })),
  );
});
