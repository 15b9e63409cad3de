import { expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { canaryAt, plantFiles } from "../../../src/verify/canaries/files.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

test("files are planted with tokens, and what becomes of them is told once", async () => {
  using home = makeTempDir();
  const files = plantFiles(home.path, "read");
  const { keys } = files;
  const path = keys["home-file"] ?? "";
  expect(path).toStartWith(`${home.path}/cupel-verify-`);
  expect(files.tokens).toContain(readFileSync(path, "utf8").trim());
  expect(statSync(path).mode & 0o777).toBe(0o666);
  expect(await files.look()).toEqual([]);

  const readOnly = keys["read-only-file"] ?? "";
  const before = readFileSync(readOnly, "utf8");
  appendFileSync(readOnly, "A09-12345678");
  writeFileSync(`${keys["out-directory"] ?? ""}/made`, "A10-12345678");
  rmSync(path);
  const hits = await files.look();
  expect(hits.map(({ canary }) => canary).toSorted()).toEqual(["home-file", "out-directory", "read-only-file"]);
  // The next attack is to find what the first one found.
  expect(readFileSync(readOnly, "utf8")).toBe(before);
  expect(await files.look()).toEqual([]);

  await files.remove();
  expect(files.places.filter((place) => existsSync(place))).toEqual([]);
  await files.remove();
});

test("a change belongs to the canary that it is nearest to", () => {
  const keys = { workspace: "/w", "protected-directory": "/w/.git", "home-file": "/h/file" };
  expect(canaryAt("/w/.git/hooks/x", keys)).toBe("protected-directory");
  expect(canaryAt("/w/x", keys)).toBe("workspace");
  expect(canaryAt("/h/file", keys)).toBe("home-file");
  expect(canaryAt("/elsewhere", keys)).toBe("out-directory");
});
