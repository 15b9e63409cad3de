import { describe, expect, test } from "bun:test";
import { parseDocument } from "yaml";
import { DocumentPlaces } from "../../src/run/document-places.ts";

const text = 'a: {b: [x, "y"], "1": z}\nconstructor: w\n';
const places = new DocumentPlaces(parseDocument(text));

describe("DocumentPlaces", () => {
  test.each([
    [[], "a"],
    [["a"], "{"],
    [["a", "b", 1], '"y"'],
    [["a", "1"], "z"],
    [["constructor"], "w"],
    // What is not there stands where it would.
    [["a", "b", 2], "[x"],
    [["a", "c", "d"], "{"],
    [["toString"], "a"],
  ] satisfies [(string | number)[], string][])("says where %j stands", (keys, begin) =>
    expect(text.slice(places.offsetOf(keys))).toStartWith(begin),
  );

  test("says where names stand, and for an item of a list where the item does", () => {
    expect(text.slice(places.offsetOf(["a", "b"], true))).toStartWith("b:");
    expect(text.slice(places.offsetOf(["a", "b", 0], true))).toStartWith("x");
  });

  test("of nothing says the beginning", () => expect(new DocumentPlaces(parseDocument("")).offsetOf(["a"])).toBe(0));

  test.each([
    ["a name that is there twice", "a: 1\nb: {c: 1, c: 2}\n", 15, "this name is there twice; write it once"],
    ["depth", `${"[".repeat(65)}${"]".repeat(65)}`, 64, "it is nested too deeply"],
  ])("tells of %s", (_, source, offset, problem) =>
    expect(new DocumentPlaces(parseDocument(source, { uniqueKeys: false })).problem).toEqual({ offset, problem }),
  );

  test.each(["a: {c: 1}\nb: {c: 1}\n", `${"[".repeat(64)}${"]".repeat(64)}`])("finds nothing wrong with %j", (source) =>
    expect(new DocumentPlaces(parseDocument(source)).problem).toBeUndefined(),
  );
});
