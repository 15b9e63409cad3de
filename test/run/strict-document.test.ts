import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { CupelError } from "../../src/model/error.ts";
import { parseStrictDocument, readStrictDocument } from "../../src/run/strict-document.ts";

const schema = v.strictObject({
  version: v.optional(v.literal(1)),
  names: v.array(v.picklist(["alpha", "beta", "gamma"])),
  inner: v.optional(v.strictObject({ size: v.optional(v.number()), on: v.optional(v.boolean()) })),
  free: v.optional(v.record(v.string(), v.string())),
});

function problem(text: string): string {
  try {
    parseStrictDocument(text, "file", schema);
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
  return "none";
}

describe("parseStrictDocument", () => {
  test("reads YAML and JSON alike", () => {
    const value = { version: 1, names: ["alpha", "beta"], inner: { size: 2, on: true } } as const;
    const yaml = "# a comment\nversion: 1\nnames:\n  - alpha\n  - beta\ninner: {size: 2, on: true}\n";
    expect(parseStrictDocument(yaml, "file", schema)).toEqual(value as never);
    expect(parseStrictDocument(JSON.stringify(value), "file", schema)).toEqual(value as never);
  });

  test("reads as many names as fit in a file", () => {
    const names = Array.from({ length: 100_000 }, (_, index) => `A${index}`);
    const text = `names: []\nfree: {${names.map((name) => `${name}: a`).join(", ")}}\n`;
    const { value, placeOf } = readStrictDocument(text, "file", schema);
    expect(Object.keys(value.free ?? {})).toEqual(names);
    expect(names.map((name) => placeOf(["free", name])).at(1)).toBe("file:2:19");
  }, 60_000);

  test.each([
    ["an unknown name", "names: []\ninner:\n  siez: 2\n"],
    ["an unknown name that explains a missing one", "nmaes: []\n"],
    ["an unknown name far from all", "names: []\nzzzzzz: 1\n"],
    ["a wrong word", "names:\n  - alpha\n  - beat\n"],
    ["a word far from all", "names: [zzzzzz]\n"],
    ["a missing name", "version: 1\n"],
    ["another version", "version: 2\nnames: []\n"],
    ["text for a list", "names: alpha\n"],
    ["nothing for a list", "names:\n"],
    ["text for a number", "names: []\ninner: {size: large}\n"],
    ["text for a truth value", "names: []\ninner: {on: yes}\n"],
    ["a list for a mapping", "names: []\ninner: []\n"],
    ["a number for text", "names: []\nfree: {port: 80}\n"],
    ["an empty file", ""],
    ["a comment alone", "# nothing\n"],
    ["one word", "hello"],
    ["a name given twice", "names: []\nnames: []\n"],
    ["several documents", "names: []\n---\nnames: []\n"],
    ["a tab as indentation", "inner:\n\tsize: 1\n"],
    ["an open bracket", "names: [alpha\n"],
    ["a tag that makes something", "names: [!!js/function x]\n"],
    ["a tag that would lose what it holds", "names: []\nfree: !!omap [a: b]\n"],
    ["a word that YAML 1.1 takes for a truth value", "%YAML 1.1\n---\nnames: []\ninner: {on: yes}\n"],
    ["a mapping merged in as YAML 1.1 does", "%YAML 1.1\n---\nnames: []\ninner: {<<: {size: 1}}\n"],
    ["a name that is a list", "? [a, b]\n: c\n"],
    ["an alias of nothing", "names: [*a]\n"],
    ["aliases without end", "a: &a [x,x,x]\nb: &b [*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]\n"],
    ["the name of a prototype", "__proto__: {}\nnames: []\n"],
    ["depth beyond measure", "[".repeat(100_000)],
    ["depth that the parser takes", `${"[".repeat(1000)}${"]".repeat(1000)}`],
  ])("says where and what is wrong with %s", (_, text) => {
    expect(problem(text).replace(/^file:1:\d{4,}/, "file:1:N")).toMatchSnapshot();
    expect(problem(text)).toMatch(/^file(:\d+:\d+)?: [^\n]+$/);
  });
});
