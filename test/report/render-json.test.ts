import { describe, expect, test } from "bun:test";
import { renderJson } from "../../src/report/render-json.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";

describe("renderJson", () => {
  test("puts schema and id first, sorts the rest, leaves out what is undefined and ends in a newline", () => {
    expect(renderJson({ zeta: [{ b: 1, a: 2, id: "x" }], schema: 1, alpha: undefined, id: "r" })).toBe(
      `{\n  "schema": 1,\n  "id": "r",\n  "zeta": [\n    {\n      "id": "x",\n      "a": 2,\n      "b": 1\n    }\n  ]\n}\n`,
    );
  });

  test("gives the same bytes whatever the order of keys", () => {
    const { schema, ...rest } = firecrackerRoot;
    expect(renderJson({ ...rest, schema })).toBe(renderJson(firecrackerRoot));
  });

  test("gives back the very report", () => {
    expect(JSON.parse(renderJson(firecrackerRoot))).toEqual(JSON.parse(JSON.stringify(firecrackerRoot)));
  });

  test("writes nothing that a terminal obeys", () => {
    const text = renderJson({ name: "\u001b[2J\u009b\u007f\u202e" });
    expect(text).toBe(`{\n  "name": "\\u001b[2J\\u009b\\u007f\\u202e"\n}\n`);
    expect(JSON.parse(text)).toEqual({ name: "\u001b[2J\u009b\u007f\u202e" });
  });
});
