import { expect, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { whileReplaced } from "../../src/verify/replaced-path.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

test("a directory is at its path at first and in the end, and meanwhile also what a link leads to", async () => {
  using directory = makeTempDir();
  directory.file("own/file", "own");
  directory.file("other/file", "other");
  const seen: string[] = [];
  const look = (): void => {
    try {
      seen.push(readFileSync(directory.at("own/file"), "utf8"));
    } catch {
      // It is on its way.
    }
  };
  const result = await whileReplaced(directory.at("own"), directory.at("other"), async () => {
    look();
    await until("both were seen", () => {
      look();
      return new Set(seen).size > 1;
    });
    return "done";
  });
  expect([result, seen[0], new Set(seen)]).toEqual(["done", "own", new Set(["own", "other"])]);
  expect(readdirSync(directory.path).toSorted()).toEqual(["other", "own"]);
  expect(readFileSync(directory.at("own/file"), "utf8")).toBe("own");
});
