import { describe, expect, test } from "bun:test";
import {
  integer,
  listOf,
  mappingTo,
  oneOf,
  strictObject,
  text,
  textOrNumberIfAny,
} from "../../src/model/strict-shape.ts";

const shape = strictObject({
  name: text,
  count: integer,
  kind: oneOf(["a", "b"]),
  more: textOrNumberIfAny,
  list: listOf(strictObject({ id: text })),
  mapping: mappingTo(oneOf([1])),
});

const right = { name: "n", count: 3, kind: "b", more: 1.5, list: [{ id: "x" }], mapping: { "a.b": 1 } };

describe("a strict shape", () => {
  test.each([
    ["all of it", right],
    ["without what may be missing", { ...right, more: undefined }],
    ["empty lists and mappings", { ...right, list: [], mapping: {} }],
  ])("takes %s", (_, value) => expect(shape(value, "")).toBeUndefined());

  test.each([
    ["text that is none", { ...right, name: 7 }, "name: is no text"],
    ["text that is missing", { ...right, name: undefined }, "name: is no text"],
    ["a fraction", { ...right, count: 3.5 }, "count: is no whole number"],
    ["a number as text", { ...right, count: "3" }, "count: is no whole number"],
    ["what is not a number", { ...right, count: Number.NaN }, "count: is no whole number"],
    ["another word", { ...right, kind: "c" }, "kind: is not known"],
    ["a value that is a list", { ...right, more: [] }, "more: is no value"],
    ["a value that is nothing", { ...right, more: null }, "more: is no value"],
    ["a value that is endless", { ...right, more: Infinity }, "more: is no value"],
    ["a mapping for a list", { ...right, list: {} }, "list: has another shape"],
    ["a wrong item", { ...right, list: [{ id: "x" }, { id: 1 }] }, "list.1.id: is no text"],
    ["an item that knows more", { ...right, list: [{ id: "x", no: 1 }] }, "list.0.no: is not known"],
    ["a list for a mapping", { ...right, mapping: [] }, "mapping: has another shape"],
    ["a wrong value in a mapping", { ...right, mapping: { "a.b": 2 } }, "mapping.a.b: is not known"],
    ["a list that is missing", { ...right, list: undefined }, "list: is missing"],
    ["a field that is not known", { ...right, other: 1 }, "other: is not known"],
    ["a name that every object has", JSON.parse('{"constructor":1}'), "constructor: is not known"],
    ["a list", [right], "it: has another shape"],
    ["nothing", null, "it: has another shape"],
    ["no value", undefined, "it: is missing"],
  ])("refuses %s, and says where", (_, value, problem) => expect(shape(value, "")).toBe(problem));

  test("names where it is itself", () => expect(shape({}, "here")).toBe("here.name: is no text"));
});
