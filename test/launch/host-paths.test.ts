import { expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { pathsHere } from "../../src/launch/host-paths.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("pathsHere says what lies where, and where links lead", () => {
  using directory = makeTempDir();
  const file = directory.at("file");
  writeFileSync(file, "");
  symlinkSync("file", directory.at("link"));
  symlinkSync("nowhere", directory.at("dangling"));
  const { lookUp, readLink, resolve, mountPoints, limits } = pathsHere();
  const named = (name: string) => [lookUp, readLink, resolve].map((ask) => ask(directory.at(name)));
  expect(named("file")).toEqual(["file", undefined, file]);
  expect(named("link")).toEqual(["link", "file", file]);
  expect(named("dangling")).toEqual(["link", "nowhere", undefined]);
  expect(named("none")).toEqual(["none", undefined, undefined]);
  expect(mountPoints).toEqual(expect.arrayContaining(["/", "/proc"]));
  expect(limits).toMatch(/^Max open files +\d+/m);
});
