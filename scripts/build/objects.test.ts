import { expect, test } from "bun:test";
import { readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { makeTempDir } from "../../test/support/temp-dir.ts";
import { compileObjects } from "./objects.ts";

const contents: Record<string, string> = { "a/one.c": "1", "b/one.c": "2", "a/two.c": "3" };

function contentOf(source: string): Buffer {
  return Buffer.from(contents[source] ?? "");
}

test("compileObjects compiles each source once, and again when it or what all share has changed", async () => {
  using directory = makeTempDir();
  const compiled: string[] = [];
  const make = async (changed: Record<string, string>, basis: string, ...directories: string[]): Promise<string[]> => {
    const order = {
      sources: Object.keys(contents),
      basis: [basis],
      contentOf: (source: string) => (changed[source] === undefined ? contentOf(source) : Buffer.from(changed[source])),
      compile: (source: string, output: string) => {
        compiled.push(source);
        writeFileSync(output, `object of ${source}`);
        return Promise.resolve();
      },
      directories: directories.map((name) => directory.at(name)),
    };
    return compileObjects(order);
  };
  const first = await make({}, "-Os", "own");
  expect(first.map((path) => readFileSync(path, "utf8"))).toEqual([
    "object of a/one.c",
    "object of b/one.c",
    "object of a/two.c",
  ]);
  expect(await make({}, "-Os", "own")).toEqual(first);
  expect(compiled.splice(0).toSorted()).toEqual(["a/one.c", "a/two.c", "b/one.c"]);

  const patched = await make({ "b/one.c": "4" }, "-Os", "other", "own");
  expect(compiled.splice(0)).toEqual(["b/one.c"]);
  expect(patched.map((path) => first.includes(path))).toEqual([true, false, true]);
  expect(readdirSync(directory.at("own")).toSorted()).toEqual(first.map((path) => basename(path)).toSorted());

  for (const path of first) utimesSync(path, 1, 1);
  const others = await make({}, "-O0", "own");
  expect(compiled.splice(0).toSorted()).toEqual(["a/one.c", "a/two.c", "b/one.c"]);
  expect(readdirSync(directory.at("own")).toSorted()).toEqual(others.map((path) => basename(path)).toSorted());
});
