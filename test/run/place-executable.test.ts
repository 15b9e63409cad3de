import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { locateInstallation } from "../../src/run/installation.ts";
import { keepExecutable, placeExecutable } from "../../src/run/place-executable.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("a new file takes the name, and the old one can have it back", () => {
  using directory = makeTempDir();
  const installation = locateInstallation(directory.file("cupel", "old"));
  const putBack = keepExecutable(installation, directory.at("kept"));
  placeExecutable(installation, directory.file("staged", "new"));
  expect(readFileSync(directory.at("cupel"), "utf8")).toBe("new");
  expect(readdirSync(directory.path).toSorted()).toEqual(["cupel", "kept"]);
  putBack();
  expect(readFileSync(directory.at("cupel"), "utf8")).toBe("old");
  expect(readdirSync(directory.path)).toEqual(["cupel"]);
});

test("what cannot be done is said", () => {
  using directory = makeTempDir();
  const installation = locateInstallation(directory.file("cupel", "old"));
  const message = `${installation.executable} could not be replaced (ENOENT)`;
  expect(() => placeExecutable(installation, directory.at("missing"))).toThrow(new CupelError("refused", message));
  expect(() => keepExecutable(installation, directory.at("missing/kept"))).toThrow("could not be kept");
  expect(readFileSync(directory.at("cupel"), "utf8")).toBe("old");
});
