import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { checkFilesSize, filesBytesMax, parsePrivateDirectory, parseWrittenFile } from "../../src/run/layout-words.ts";

const noPlace = (path: string): CupelError =>
  new CupelError(
    "usage",
    `--x ${JSON.stringify(path)} is no path in the job's root; write it in full, from / on and without .. or a slash at its end`,
  );

describe("parseWrittenFile", () => {
  test.each([
    ["/etc/motd=hello", { path: "/etc/motd", content: "hello" }],
    ["/a=", { path: "/a", content: "" }],
    ["/a=b=c\n/d", { path: "/a", content: "b=c\n/d" }],
  ])("reads %j", (text, file) => expect(parseWrittenFile(text, "--x")).toEqual(file));

  test.each(["a", "/", "/a/", "/a/../b", "//a", "/a/./b", "", "/a\0b"])("refuses the path %j", (path) =>
    expect(() => parseWrittenFile(`${path}=content`, "--x")).toThrow(noPlace(path)),
  );

  test("refuses one without content", () =>
    expect(() => parseWrittenFile("/a", "--x")).toThrow(
      new CupelError("usage", '--x "/a" says no content; write PATH=CONTENT'),
    ));
});

describe("checkFilesSize", () => {
  const half = "é".repeat(filesBytesMax / 4);

  test("takes as much as there may be", () =>
    expect(() =>
      checkFilesSize([
        { path: "/a", content: half },
        { path: "/b", content: half },
      ]),
    ).not.toThrow());

  test("refuses a byte more", () =>
    expect(() =>
      checkFilesSize([
        { path: "/a", content: half },
        { path: "/b", content: `${half}x` },
      ]),
    ).toThrow(
      new CupelError(
        "usage",
        "--file: the files are 1048577 bytes together, and at most 1048576 can be given so; grant a directory that holds them",
      ),
    ));
});

describe("parsePrivateDirectory", () => {
  test.each([
    ["/scratch", { path: "/scratch" }],
    ["/scratch:1M", { path: "/scratch", sizeBytes: 1024 ** 2 }],
  ])("reads %j", (text, directory) => expect(parsePrivateDirectory(text, "--x")).toEqual(directory));

  test.each(["scratch", "/a/", "/"])("refuses the path %j", (path) =>
    expect(() => parsePrivateDirectory(path, "--x")).toThrow(noPlace(path)),
  );

  test("refuses a size that is none", () =>
    expect(() => parsePrivateDirectory("/a:0", "--x")).toThrow(
      new CupelError("usage", '--x /a "0" is not a size; write one such as 512M or 2G'),
    ));
});
