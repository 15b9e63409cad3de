import { describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { writeNewFile } from "../../src/host/write-new-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("writeNewFile", () => {
  test("writes what was not there", () => {
    using directory = makeTempDir();
    expect(writeNewFile(directory.at("new"), "text\n")).toBeUndefined();
    expect(readFileSync(directory.at("new"), "utf8")).toBe("text\n");
  });

  test("leaves what is there, also a link to nowhere", () => {
    using directory = makeTempDir();
    directory.file("old", "old\n");
    symlinkSync("nowhere", directory.at("link"));
    expect(writeNewFile(directory.at("old"), "text\n")).toBe("EEXIST");
    expect(writeNewFile(directory.at("link"), "text\n")).toBe("EEXIST");
    expect([readFileSync(directory.at("old"), "utf8"), readlinkSync(directory.at("link"))]).toEqual([
      "old\n",
      "nowhere",
    ]);
  });

  test("gives the errno of what cannot be written, and leaves nothing half", () => {
    using directory = makeTempDir();
    expect(writeNewFile(directory.at("no/where"), "text\n")).toBe("ENOENT");
    expect(writeNewFile("/dev/full/x", "text\n")).toBe("ENOTDIR");
    expect(writeNewFile("", "text\n")).toBe("ENOENT");
  });
});
