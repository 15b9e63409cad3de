import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { checkGlobs, describeWrongGlob, globLengthMax, globPattern } from "../../src/run/stated-globs.ts";

const isInPattern = (glob: string): boolean => glob.length <= globLengthMax && new RegExp(globPattern, "u").test(glob);

describe("describeWrongGlob", () => {
  test.each([
    "*.o",
    "/target",
    "node_modules/",
    "src/**/*.js",
    "**",
    "...",
    ".git",
    "a?b",
    "a]b}c!",
    " ",
    "é",
    "x".repeat(globLengthMax),
  ])("has nothing against %j", (glob) =>
    expect([describeWrongGlob(glob, "--x"), isInPattern(glob)]).toEqual([undefined, true]),
  );

  test.each([
    ["", '--x "" is empty; write one, or leave it out'],
    ["a\0", String.raw`--x "a\u0000" holds a NUL byte, which no name has; leave it out`],
    ["!a", '--x "!a" begins with !, and there are no exceptions; leave it out, or write ? for the ! of a name'],
    [
      "*.[oa]",
      '--x "*.[oa]" has a [, and there are no sets of characters; write a glob for each name, or ? for any one character',
    ],
    [
      "*.{c",
      '--x "*.{c" has a {, and there are no alternatives; write a glob for each of them, or ? for the { of a name',
    ],
    [
      "a\\",
      String.raw`--x "a\\" has a backslash, which takes no meaning away; write ? for a character that has one, and / between names`,
    ],
    ["/", '--x "/" names nothing; write ** for everything'],
    ["///", '--x "///" names nothing; write ** for everything'],
    ["..", '--x ".." has . or .. for a name; write it from the workspace on, without them'],
    ["./a", '--x "./a" has . or .. for a name; write it from the workspace on, without them'],
    ["a/../b", '--x "a/../b" has . or .. for a name; write it from the workspace on, without them'],
    ["a//b", '--x "a//b" has two slashes with nothing between them; write one'],
    ["//a", '--x "//a" has two slashes with nothing between them; write one'],
    [
      "x".repeat(globLengthMax + 1),
      `--x "${"x".repeat(60)}"… is longer than a path can be (4096 characters); write a shorter one`,
    ],
  ])("says what is wrong with %j", (glob, problem) =>
    expect([describeWrongGlob(glob, "--x"), isInPattern(glob)]).toEqual([problem, false]),
  );
});

describe("checkGlobs", () => {
  test.each([
    ["--ignore", { ignore: ["a", "["] }],
    ["--protect", { protect: ["["] }],
    ["--artifact", { artifacts: ["["] }],
  ])("refuses the first that is wrong: %s", (flag, stated) =>
    expect(() => checkGlobs({ ...defaultRequest, ...stated })).toThrow(
      new CupelError(
        "usage",
        `${flag} "[" has a [, and there are no sets of characters; write a glob for each name, or ? for any one character`,
      ),
    ),
  );

  test("has nothing against any others", () =>
    expect(() => checkGlobs({ ...defaultRequest, ignore: ["a"], protect: ["/b/"], artifacts: ["**"] })).not.toThrow());
});
