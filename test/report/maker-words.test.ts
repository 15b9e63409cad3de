import { describe, expect, test } from "bun:test";
import { groupWords, writtenOut } from "../../src/report/maker-words.ts";

describe("writtenOut", () => {
  const call = { path: "/usr/bin/bwrap", environment: {}, startTimeoutMs: 1 };
  test("has the words behind the descriptor, and those that follow", () =>
    expect(
      writtenOut({
        ...call,
        arguments: ["--args", "14", "--", "/proc/self/fd/11", "inside"],
        inputs: [{ content: Buffer.from("--proc\0/proc\0\0") }],
      }),
    ).toEqual({ read: ["--proc", "/proc", ""], own: ["--", "/proc/self/fd/11", "inside"] }));
});

describe("groupWords", () => {
  test.each<[readonly string[], readonly (readonly string[])[]]>([
    [[], []],
    [
      ["--unshare-user", "--ro-bind", "/a", "/b"],
      [["--unshare-user"], ["--ro-bind", "/a", "/b"]],
    ],
    [["--perms", "0700", "--size", "1", "--tmpfs", "/t"], [["--perms", "0700", "--size", "1", "--tmpfs", "/t"]]],
    [
      ["true", "--x"],
      [["true"], ["--x"]],
    ],
  ])("of %j", (words, groups) => expect(groupWords(words)).toEqual(groups as string[][]));

  test("loses no word, and changes no order", () => {
    const words = ["--perms", "0555", "--tmpfs", "/a b", "--size", "--perms", "--", "", "x"];
    expect(groupWords(words).flat()).toEqual(words);
  });
});
