import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "./source/repository.ts";

const bun = process.execPath;
const copied = [
  "src",
  "scripts",
  "platform",
  "test/fixtures/jobs",
  "test/fixtures/matrices",
  "test/hosts",
  "README.md",
  "package.json",
  "tsconfig.json",
  "bunfig.toml",
  ".oxlintrc.json",
];
const longName = "a-name-that-is-as-long-as-names-may-be00";
const plugins = [
  ["probe", "short"],
  ["probe", longName],
  ["strategy", "short"],
  ["strategy", longName],
] as const;

let root = "";

function run(...command: readonly string[]): { code: number; output: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { cwd: root });
  return { code: exitCode, output: `${stdout.toString()}${stderr.toString()}` };
}

/** Of all that a check prints, what is about the new files: the others have checks of their own. */
function aboutNewFiles(output: string): string[] {
  return output.split("\n").filter((line) => /\/(short|a-name-that)[a-z0-9-]*(\.test)?\.ts|README\.md/.test(line));
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "cupel-test-"));
  for (const path of copied) cpSync(join(repositoryRoot, path), join(root, path), { recursive: true });
  symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"));
});

afterAll(() => rmSync(root, { recursive: true }));

describe("a new plug-in", () => {
  test.each(plugins)("is made: %s %s", (kind, name) => {
    const folder = kind === "probe" ? "probes" : "strategies";
    const { code, output } = run(bun, "scripts/new.ts", kind, name);
    expect(output).toContain(`wrote src/${folder}/${name}.ts\nwrote test/${folder}/${name}.test.ts\n`);
    expect(output).toContain(`wrote src/${folder}/registry.gen.ts\n`);
    expect(output.includes("wrote README.md\n")).toBe(kind === "strategy");
    expect(code).toBe(0);
  });

  test("that is a strategy stands in the README, and keeps nothing yet", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme).toContain("**`short`** (class `process`, rank ");
    expect(readme).toMatch(
      /^\| `fs\.read` +\| [a-z ]+ \| yes +\| kept +\| kept +\| kept +\| kept +\| kept +\| kept +\| no +\| no +\| no +\| no +\|$/mu,
    );
    expect(run(bun, "scripts/gen.ts", "--check")).toEqual({ code: 0, output: "" });
  });

  test("is formatted", () => expect(aboutNewFiles(run(bun, "fmt", "--check").output)).toEqual([]));

  test("passes lint", () => {
    const { code, output } = run(bun, "node_modules/oxlint/bin/oxlint", "-f", "unix");
    // 0 nothing found, 1 something found, in other files too; anything else is no run of the linter.
    expect([0, 1]).toContain(code);
    expect(aboutNewFiles(output)).toEqual([]);
  });

  test("type-checks", () =>
    expect(aboutNewFiles(run(bun, "node_modules/typescript/bin/tsc", "-p", "scripts/tsconfig.json").output)).toEqual(
      [],
    ));

  test("passes its own test", () => {
    const { code, output } = run(bun, "test", "./test/probes", "./test/strategies");
    expect(output).toContain("Ran 18 tests across 4 files");
    expect(code).toBe(0);
  });

  test.each([
    ["a file that is there", ["probe", "short"], "src/probes/short.ts is there already"],
    ["a name that is none", ["probe", "Bad_Name"], "Bad_Name is no name for a plug-in"],
    ["another kind", ["planet", "mars"], "usage: bun run new probe|strategy NAME"],
    ["no name", ["probe"], "usage: bun run new probe|strategy NAME"],
  ])("is refused for %s", (_, words, reason) => {
    const { code, output } = run(bun, "scripts/new.ts", ...words);
    expect(output).toStartWith(`cupel: ${reason}`);
    expect(code).toBe(64);
  });
});
