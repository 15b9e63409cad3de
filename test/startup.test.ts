/**
 * What every start of cupel reads, `run` included: the files that src/main.ts leads to without a dynamic import, as the
 * bundler sees them. Each costs its share of a few milliseconds, so nothing may come to be among them unnoticed.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../scripts/source/repository.ts";

interface Input {
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

interface Startup {
  /** Sizes of the sources by path, relative to the root of the checkout. */
  readonly files: Readonly<Record<string, number>>;
  readonly modules: readonly string[];
}

/** Follows every import but the dynamic ones; those of types are none to the bundler. */
async function readStartup(entry: string, root: string): Promise<Startup> {
  const built = await Bun.build({
    entrypoints: [join(root, entry)],
    root,
    target: "bun",
    format: "esm",
    splitting: true,
    metafile: true,
  });
  const inputs = (built.metafile?.inputs ?? {}) as Readonly<Record<string, Input>>;
  const relative = (path: string): string => join("/", process.cwd(), path).replace(`${root}/`, "");
  const byPath = new Map(Object.entries(inputs).map(([path, input]) => [relative(path), input]));
  const files: Record<string, number> = {};
  const modules = new Set<string>();
  const visit = (path: string): void => {
    const input = byPath.get(path);
    if (input === undefined || files[path] !== undefined) return;
    files[path] = input.bytes;
    for (const { path: target, kind, external } of input.imports) {
      if (kind === "dynamic-import") continue;
      if (external === true) modules.add(target.replace(/^node:/, ""));
      else visit(relative(target));
    }
  };
  visit(entry);
  return { files, modules: [...modules].toSorted() };
}

describe("the start of cupel", () => {
  let startup: Startup = { files: {}, modules: [] };
  beforeAll(async () => {
    startup = await readStartup("src/main.ts", repositoryRoot);
  });

  test("reads what a run needs", () =>
    expect(Object.keys(startup.files)).toEqual(
      expect.arrayContaining(["src/main.ts", "src/commands/run.ts", "src/launch/start-launch.ts"]),
    ));

  test("loads no module of the runtime but node:fs", () => expect(startup.modules).toEqual(["fs"]));

  test("reads no package", () =>
    expect(Object.keys(startup.files).filter((path) => !path.startsWith("src/"))).toEqual([]));

  test.each(["src/probes/", "src/matrix/", "src/verify/"])("reads nothing of %s", (folder) =>
    expect(Object.keys(startup.files).filter((path) => path.startsWith(folder))).toEqual([]),
  );

  test.each([
    "src/commands/descriptions.ts",
    "src/commands/measure-host.ts",
    "src/launch/compile-seccomp.ts",
    "src/launch/native-helpers.ts",
    "src/launch/seccomp-profile.ts",
    "src/report/build-report.ts",
    "src/report/report-schema.ts",
    "src/run/job-file.ts",
    "src/run/layered-request.ts",
    "src/run/strict-document.ts",
  ])("does not read %s", (path) => expect(startup.files[path]).toBeUndefined());

  test("reads no more than 230 kB of source besides what is generated", () => {
    const written = Object.entries(startup.files).filter(([path]) => !path.endsWith(".gen.ts"));
    expect(written.reduce((total, [, bytes]) => total + bytes, 0)).toBeLessThan(230_000);
  });
});

describe("what a start reads", () => {
  test("is what is imported at once, not what is imported late or for its types", async () => {
    const root = mkdtempSync(join(tmpdir(), "cupel-startup-"));
    try {
      const files = {
        "main.ts": `import { a } from "./a.ts";\nimport type { T } from "./t.ts";\nvoid import("./late.ts");\nconsole.log(a as T);\n`,
        "a.ts": `import { sep } from "node:path";\nexport { b as a } from "./b.ts";\nconsole.log(sep);\n`,
        "b.ts": `export const b = 1;\nconsole.log(b);\n`,
        "late.ts": `import "node:os";\nimport "./b.ts";\nconsole.log(2);\n`,
        "t.ts": `export type T = number;\n`,
      };
      for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
      const startup = await readStartup("main.ts", root);
      expect({ ...startup, files: Object.keys(startup.files).toSorted() }).toEqual({
        files: ["a.ts", "b.ts", "main.ts"],
        modules: ["path"],
      });
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
