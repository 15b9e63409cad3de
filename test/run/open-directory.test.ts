import { describe, expect, test } from "bun:test";
import { closeSync, readlinkSync, symlinkSync } from "node:fs";
import { errnoOf } from "../../src/host/errno-of.ts";
import { openDirectory } from "../../src/run/open-directory.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function placeOf(path: string): string {
  try {
    const descriptor = openDirectory(path);
    const place = readlinkSync(`/proc/self/fd/${descriptor}`);
    closeSync(descriptor);
    return place;
  } catch (error) {
    return errnoOf(error);
  }
}

describe("openDirectory", () => {
  test("opens what is there, and nothing through a link", () => {
    using directory = makeTempDir();
    const inner = directory.folder("outer/inner");
    directory.file("outer/file");
    symlinkSync("outer", directory.at("link"));
    expect(
      ["outer/inner", "link", "link/inner", "outer/file", "outer/nowhere"].map((name) => placeOf(directory.at(name))),
    ).toEqual([inner, "ENOTDIR", "ENOTDIR", "ENOTDIR", "ENOENT"]);
    expect(placeOf("/")).toBe("/");
  });
});
