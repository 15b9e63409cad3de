import { describe, expect, test } from "bun:test";
import { chmodSync, symlinkSync } from "node:fs";
import { readOwnFile } from "../../src/host/read-own-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const uid = process.geteuid?.() ?? -1;
const foreign = { reason: "another user could have written it" };

describe("readOwnFile", () => {
  test("reads what only its owner could have written", () => {
    using directory = makeTempDir();
    const path = directory.file("file", "text");
    expect(readOwnFile(path, uid)).toEqual({ text: "text" });
    expect(readOwnFile(path, uid + 1)).toEqual(foreign);
    chmodSync(path, 0o620);
    expect(readOwnFile(path, uid)).toEqual(foreign);
  });

  test("reads no directory, pipe or link, and waits for none", () => {
    using directory = makeTempDir();
    Bun.spawnSync(["mkfifo", directory.at("pipe")]);
    symlinkSync("file", directory.at("link"));
    directory.file("file");
    expect(readOwnFile(directory.folder("folder"), uid)).toEqual(foreign);
    expect(readOwnFile(directory.at("pipe"), uid)).toEqual(foreign);
    expect(readOwnFile(directory.at("link"), uid)).toEqual({ reason: "it cannot be read (ELOOP)" });
    expect(readOwnFile(directory.at("missing"), uid)).toEqual({ reason: "it cannot be read (ENOENT)" });
  });
});
