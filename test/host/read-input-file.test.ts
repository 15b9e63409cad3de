import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { readInputFile, type InputFile } from "../../src/host/read-input-file.ts";
import { CupelError } from "../../src/model/error.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const file: InputFile = { what: "a policy", maxBytes: 1024, pipes: false };

function problem(path: string, given: InputFile = file): string {
  try {
    readInputFile(path, given);
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
  return "none";
}

describe("readInputFile", () => {
  test("reads a file, whole, also through a symlink", () => {
    using directory = makeTempDir();
    const path = directory.file("a", "one\ntwo\nä\n");
    symlinkSync(path, directory.at("link"));
    expect([readInputFile(path, file), readInputFile(directory.at("link"), file)]).toEqual(
      Array(2).fill("one\ntwo\nä\n"),
    );
    expect(readInputFile(directory.file("empty"), file)).toBe("");
    expect(readInputFile(directory.file("full", "x".repeat(1024)), file)).toHaveLength(1024);
  });

  test("reads no symlink where the file itself is wanted", () => {
    using directory = makeTempDir();
    const path = directory.file("a", "one\n");
    symlinkSync(path, directory.at("link"));
    expect(readInputFile(path, { ...file, isItself: true })).toBe("one\n");
    expect(problem(directory.at("link"), { ...file, isItself: true })).toBe(
      `${directory.at("link")} is a symlink; put the file itself there`,
    );
  });

  test("says in one sentence what else it is", async () => {
    using directory = makeTempDir();
    const server = createServer().listen(directory.at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    Bun.spawnSync(["mkfifo", directory.at("pipe")]);
    symlinkSync("loop", directory.at("loop"));
    directory.file("file");
    const paths = ["missing", "file/below", "loop", "pipe", "socket", "."].map((name) => directory.at(name));
    const found = [...paths, "/dev/zero", "/dev/null", "", "a\0b"].map((path) => problem(path));
    await new Promise((resolve) => server.close(resolve));
    expect(`\n${found.join("\n").replaceAll(directory.path, "DIR")}\n`).toMatchInlineSnapshot(`
      "
      DIR/missing does not exist; name a policy that does
      DIR/file/below does not exist; name a policy that does
      DIR/loop leads in a circle (ELOOP); name a policy that can be read
      DIR/pipe is a pipe, not a policy; name a file
      DIR/socket is a socket or a device without a driver, and cannot be read; name a policy that can be read
      DIR is a directory, not a policy; name a file
      /dev/zero is a device, not a policy; name a file
      /dev/null is a device, not a policy; name a file
      "" names no file; name a policy
      "a\\u0000b" is no path; name a policy
      "
    `);
  });

  test("refuses what is too large, binary, or not UTF-8", () => {
    using directory = makeTempDir();
    const contents = ["x".repeat(1025), "a\0b", new Uint8Array([0xff, 0xfe, 0x41])];
    const found = contents.map((content, index) => problem(directory.file(String(index), content)));
    expect(`\n${found.join("\n").replaceAll(directory.path, "DIR")}\n`).toMatchInlineSnapshot(`
      "
      DIR/0 is larger than a policy may be (1 KiB); name another file
      DIR/1 is binary, not a policy; name a text file
      DIR/2 is not valid UTF-8, so it is not a policy; name a text file
      "
    `);
  });

  test("takes a pipe where pipes are taken, and does not wait for one that nobody writes to", () => {
    using directory = makeTempDir();
    Bun.spawnSync(["mkfifo", directory.at("pipe")]);
    expect(readInputFile(directory.at("pipe"), { ...file, pipes: true })).toBe("");
    expect(problem("/dev/zero", { ...file, pipes: true })).toContain("is a device");
    expect(problem(directory.path, { ...file, pipes: true })).toContain("is a directory");
  });
});
