import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import type { Standing } from "../../src/host/host.ts";
import { inodeAt } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import { copyMax, copyTree } from "../../src/run/copy-tree.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { readTree } from "../support/tree.ts";

function refusalOf(from: string, to: string, pinned?: Standing): unknown {
  try {
    return copyTree(from, to, undefined, pinned);
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("copyTree", () => {
  test("copies files, directories and links with their permissions, and no set-id bits", () => {
    using directory = makeTempDir();
    directory.file("from/a/file", "content", 0o640);
    directory.file("from/run", "#!", 0o755);
    symlinkSync("/nowhere", directory.at("from/link"));
    directory.folder("from/empty", 0o700);
    directory.folder("to");
    copyTree(directory.at("from"), directory.at("to"), undefined);
    expect(readTree(directory.at("to"))).toEqual(readTree(directory.at("from")));
    chmodSync(directory.at("from/run"), 0o4755);
    directory.folder("again");
    copyTree(directory.at("from"), directory.at("again"), undefined);
    expect(readTree(directory.at("again"))).toEqual(readTree(directory.at("to")));
  });

  test("leaves out what is no file, directory or link", () => {
    using directory = makeTempDir();
    directory.file("from/file");
    expect(Bun.spawnSync(["mkfifo", directory.at("from/fifo")]).exitCode).toBe(0);
    directory.folder("to");
    copyTree(directory.at("from"), directory.at("to"), undefined);
    expect(readTree(directory.at("to")).map((line) => line.split(" ")[0])).toEqual(["file"]);
  });

  test("refuses more than it takes before it copies anything", () => {
    using directory = makeTempDir();
    directory.file("from/large");
    truncateSync(directory.at("from/large"), copyMax.bytes + 1);
    mkdirSync(directory.at("to"));
    const path = directory.at("from");
    expect(refusalOf(path, directory.at("to"))).toEqual([
      "refused",
      `${path} cannot be overlaid here, and is too large to copy for a job: more than 100000 files, or 1 GiB`,
    ]);
    expect(readTree(directory.at("to"))).toEqual([]);
  });

  test("follows no link to the tree, whether it is its own name or one on the way", () => {
    using directory = makeTempDir();
    directory.file("outside/inner/secret", "secret");
    directory.folder("to");
    symlinkSync("outside", directory.at("link"));
    for (const path of [directory.at("link"), directory.at("link/inner"), directory.at("nowhere")])
      expect(refusalOf(path, directory.at("to"))).toEqual([
        "usage",
        `The current directory ${path} was moved, or replaced by another one; change to one that stays`,
      ]);
    expect(readTree(directory.at("to"))).toEqual([]);
  });

  test("copies the very directory that the caller stands in, and none that was put in its place", () => {
    using directory = makeTempDir();
    directory.file("own/file", "own");
    directory.file("moved/file", "secret");
    directory.folder("to");
    const [own, to] = [directory.at("own"), directory.at("to")];
    const pinned = { directory: own, inode: inodeAt(own) ?? "" };
    const descriptors = readdirSync("/proc/self/fd").length;
    renameSync(own, directory.at("away"));
    renameSync(directory.at("moved"), own);
    expect(refusalOf(own, to, pinned)).toEqual([
      "usage",
      `The current directory ${own} was moved, or replaced by another one; change to one that stays`,
    ]);
    expect([readTree(to), readdirSync("/proc/self/fd").length]).toEqual([[], descriptors]);
    renameSync(own, directory.at("moved"));
    renameSync(directory.at("away"), own);
    copyTree(own, to, undefined, pinned);
    expect(readTree(to)).toEqual(readTree(own));
    directory.folder("again");
    copyTree(directory.at("moved"), directory.at("again"), undefined, pinned);
    expect(readTree(directory.at("again"))).toEqual(readTree(directory.at("moved")));
  });

  test("copies names that are no text", () => {
    using directory = makeTempDir();
    directory.folder("to");
    const name = Buffer.concat([Buffer.from(`${directory.folder("from")}/`), Buffer.from([0x66, 0xff])]);
    writeFileSync(name, "content");
    copyTree(directory.at("from"), directory.at("to"), undefined);
    expect(readdirSync(directory.at("to"), { encoding: "buffer" })).toEqual([Buffer.from([0x66, 0xff])]);
  });
});
