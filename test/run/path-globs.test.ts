import { describe, expect, test } from "bun:test";
import { matchingOf, mayHoldMatches } from "../../src/run/path-globs.ts";

describe("matchingOf", () => {
  test.each([
    [
      "node_modules",
      ["node_modules", "node_modules/a/b", "src/node_modules/x"],
      ["node_modules2", "src/my_node_modules"],
    ],
    ["node_modules/", ["node_modules", "a/node_modules/b"], []],
    ["*.o", ["a.o", "src/b.o", "c.o/inner"], ["a.out", "o"]],
    ["/target", ["target", "target/debug"], ["src/target"]],
    ["src/*.js", ["src/a.js"], ["src/lib/a.js", "other/src/a.js"]],
    ["src/**/*.js", ["src/a.js", "src/lib/deep/a.js"], ["a.js"]],
    ["a?c", ["abc"], ["ac", "a/c"]],
    ["a.b(c)+", ["a.b(c)+"], ["aXb(c)+", "a.bcc"]],
    ["**", ["anything/at/all"], []],
    ["a/**", ["a/b", "a/b/c"], ["a", "b/a/c"]],
    ["**/a", ["a", "b/c/a", "b/a/c"], ["b"]],
    ["*b*c", ["abc", "bbcc", "bc"], ["abcd", "cb"]],
    // Going back over what was matched would take longer than anybody has.
    [`${"*a".repeat(40)}b`, [], ["a".repeat(250)]],
    [`${"**/".repeat(40)}b`, [], ["a/".repeat(250)]],
  ])("%s", (glob, ignored, kept) => {
    const isIgnored = matchingOf([glob]);
    expect([ignored.filter(isIgnored), kept.filter(isIgnored)]).toEqual([ignored, []]);
  });

  test("ignores nothing for nothing", () =>
    expect(["", "/"].map((glob) => matchingOf([glob])("a"))).toEqual([false, false]));
});

describe("mayHoldMatches", () => {
  test.each([
    ["dist/a/*.js", "dist", true],
    ["dist/a/*.js", "dist/a", true],
    ["dist/a/*.js", "dist/a/b", true],
    ["dist/a/*.js", "dist/b", false],
    ["dist/a/*.js", "distance", false],
    ["/dist", "dist", true],
    ["/dist", "src", false],
    ["dist/", "anything", true],
    ["**/x/y", "anything", true],
    ["*.log", "anything", true],
  ])("%s below %s: %p", (glob, directory, expected) => expect(mayHoldMatches([glob])(directory)).toBe(expected));
});
