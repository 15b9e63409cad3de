/** src/ keeps the rules of its architecture, and each rule is shown to catch a seeded fault. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  findCycles,
  findExits,
  findForeignImports,
  findRuntimeNames,
  findStrayTests,
  findWrongDirections,
  type FileMap,
} from "../scripts/source/architecture.ts";
import { listFiles, repositoryRoot } from "../scripts/source/repository.ts";

const testPaths = listFiles(["test/**/*.test.ts"]);
const sources: FileMap = Object.fromEntries(
  listFiles(["src/**/*.ts"]).map((path) => [path, readFileSync(join(repositoryRoot, path), "utf8")]),
);

describe("src", () => {
  test("imports from left to right", () => expect(findWrongDirections(sources)).toEqual([]));
  test("imports only Node's modules, allowed packages and its own files", () =>
    expect(findForeignImports(sources)).toEqual([]));
  test("names no runtime but in the file that may", () => expect(findRuntimeNames(sources)).toEqual([]));
  test("ends the process in main.ts alone", () => expect(findExits(sources)).toEqual([]));
  test("has no import cycle", () => expect(findCycles(sources)).toEqual([]));
  test("is mirrored by its tests", () => expect(findStrayTests(sources, testPaths)).toEqual([]));
});

describe("the direction rule", () => {
  const right = "not to its left";
  test.each([
    ["a value import", `import { run } from "../run/run.ts";`],
    ["a type import", `import type { Run } from "../run/run.ts";`],
    ["an inline type import", `import { type Run } from "../run/run.ts";`],
    ["an import() type", `export type Run = import("../run/run.ts").Run;`],
    ["a dynamic import", `export const run = () => import("../run/run.ts");`],
    ["a re-export", `export * from "../run/run.ts";`],
    ["a named re-export", `export { run } from "../run/run.ts";`],
    ["an import for effect", `import "../run/run.ts";`],
  ])("catches %s", (_, text) => {
    expect(findWrongDirections({ "src/model/job.ts": text })).toEqual([
      `src/model/job.ts:1 imports src/run/run.ts, which is ${right}`,
    ]);
  });

  test("catches an import of main.ts, of a folder that is not on the line, and of what is outside src", () => {
    const text = `import "../main.ts";\nimport "../other/a.ts";\nimport "../../scripts/gen.ts";`;
    expect(findWrongDirections({ "src/commands/run.ts": text })).toEqual([
      `src/commands/run.ts:1 imports src/main.ts, which is ${right}`,
      `src/commands/run.ts:2 imports src/other/a.ts, which is ${right}`,
      `src/commands/run.ts:3 imports scripts/gen.ts, which is ${right}`,
    ]);
  });

  test("allows the own folder and those to the left", () => {
    const text = `import "./child.ts";\nimport "../model/job.ts";`;
    expect(findWrongDirections({ "src/run/run.ts": text, "src/main.ts": `import "./run/run.ts";` })).toEqual([]);
  });
});

describe("the import rule", () => {
  test.each([
    ["bun:ffi", "not one of the allowed packages"],
    ["bun", "not one of the allowed packages"],
    ["fs", "not one of the allowed packages"],
    ["chalk", "not one of the allowed packages"],
    ["./job", "relative imports end in .ts"],
    ["./job.js", "relative imports end in .ts"],
  ])("catches %s", (specifier, reason) => {
    expect(findForeignImports({ "src/run/run.ts": `import "${specifier}";` })).toEqual([
      `src/run/run.ts:1 imports ${specifier}: ${reason}`,
    ]);
  });

  test("catches an import that is computed", () => {
    expect(findForeignImports({ "src/run/run.ts": "export const load = (name: string) => import(name);" })).toEqual([
      "src/run/run.ts:1 imports what it computes: an import has to be written out",
    ]);
  });

  test("catches require as an import", () => {
    expect(findForeignImports({ "src/run/run.ts": `import fs = require("fs");` })).toHaveLength(1);
  });

  test("allows Node's modules and the packages chosen", () => {
    expect(findForeignImports({ "src/run/run.ts": `import "node:fs";\nimport "valibot";` })).toEqual([]);
  });
});

describe("the runtime rule", () => {
  test.each([
    ["a plain use", "Bun.file('x');"],
    ["a property of globalThis", "globalThis.Bun;"],
    ["a property by its string", `globalThis["Bun"];`],
    ["a destructured one", "const { Bun } = globalThis;"],
  ])("catches %s", (_, text) => {
    expect(findRuntimeNames({ "src/host/host.ts": text })).toEqual(["src/host/host.ts:1 names Bun"]);
  });

  test("allows only properties in the file that spawns", () => {
    const allowed = "export const runtime = (globalThis as { Bun?: object }).Bun;";
    expect(findRuntimeNames({ "src/host/spawn-child.ts": allowed })).toEqual([]);
    expect(findRuntimeNames({ "src/host/spawn-child.ts": "Bun.spawn([]);" })).toHaveLength(1);
  });

  test("is not misled by comments and strings", () => {
    expect(findRuntimeNames({ "src/host/host.ts": `/* Bun.file */ export const text = "Bun.file";` })).toEqual([]);
  });
});

describe("the exit rule", () => {
  test("catches process.exit, also by its string", () => {
    const text = `process.exit(1);\nprocess["exit"](1);`;
    expect(findExits({ "src/run/run.ts": text })).toEqual([
      "src/run/run.ts:1 calls process.exit",
      "src/run/run.ts:2 calls process.exit",
    ]);
  });

  test("allows it in main.ts, and exitCode anywhere", () => {
    expect(findExits({ "src/main.ts": "process.exit(1);", "src/run/run.ts": "process.exitCode = 1;" })).toEqual([]);
  });
});

describe("the cycle rule", () => {
  test("catches a cycle of type imports across files", () => {
    const files = {
      "src/model/a.ts": `import type { B } from "./b.ts";`,
      "src/model/b.ts": `import type { C } from "./c.ts";`,
      "src/model/c.ts": `import type { B } from "./b.ts";`,
    };
    expect(findCycles(files)).toEqual(["src/model/b.ts → src/model/c.ts → src/model/b.ts"]);
  });

  test("catches a file that imports itself", () => {
    expect(findCycles({ "src/model/a.ts": `import "./a.ts";` })).toEqual(["src/model/a.ts → src/model/a.ts"]);
  });

  test("allows a diamond", () => {
    const files = {
      "src/model/a.ts": `import "./b.ts";\nimport "./c.ts";`,
      "src/model/b.ts": `import "./d.ts";`,
      "src/model/c.ts": `import "./d.ts";`,
      "src/model/d.ts": "",
    };
    expect(findCycles(files)).toEqual([]);
  });
});

describe("the mirror rule", () => {
  test("catches a test whose subject is gone", () => {
    const paths = ["test/model/job.test.ts", "test/model/gone.test.ts", "test/e2e/run.test.ts"];
    expect(findStrayTests({ "src/model/job.ts": "" }, paths)).toEqual([
      "test/model/gone.test.ts tests src/model/gone.ts, which is not there",
    ]);
  });
});
