import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { realPath } from "../../src/run/real-path.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("realPath", () => {
  test("follows every symlink on the way", () => {
    using directory = makeTempDir();
    directory.file("real/file");
    symlinkSync("real", directory.at("link"));
    symlinkSync("link/file", directory.at("file"));
    expect(realPath(directory.at("link/../file"))).toBe(directory.at("real/file"));
  });

  test.each(["/no/such/path", "/etc/passwd/below", "/tmp/\0"])("is nothing for %p", (path) =>
    expect(realPath(path)).toBeUndefined(),
  );
});
