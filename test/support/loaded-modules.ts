/** Which modules each command of the sources loads, seen while it runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { execute } from "./execute.ts";
import type { TempDir } from "./temp-dir.ts";
import { ordinaryCaller } from "./tester.ts";

/** What was loaded, sorted. */
export interface LoadedModules {
  /** Of `src/`, relative to it. */
  readonly sources: readonly string[];
  /** npm packages that a loaded source imports at once. */
  readonly packages: readonly string[];
  /** Modules of the runtime that a loaded source imports at once. */
  readonly runtime: readonly string[];
}

function sorted(words: readonly string[]): string[] {
  return [...new Set(words)].toSorted();
}

function sort(lines: readonly string[]): LoadedModules {
  const own = join(repositoryRoot, "src/");
  return {
    sources: sorted(lines.filter((line) => line.startsWith(own)).map((line) => line.slice(own.length))),
    packages: sorted(lines.filter((line) => line !== "" && !line.startsWith("/") && !line.startsWith("node:"))),
    runtime: sorted(lines.flatMap((line) => (line.startsWith("node:") ? line.slice("node:".length) : []))),
  };
}

/** Runs the sources with these words as an ordinary user, whose home is `directory`, and who stands in `cwd`. */
export async function loadedBy(
  directory: TempDir,
  words: readonly string[],
  cwd: string = directory.path,
): Promise<LoadedModules> {
  const record = directory.file("loaded-modules", "", 0o666);
  const preload = join(repositoryRoot, "test/support/record-modules.ts");
  const program = [process.execPath, "--preload", preload, join(repositoryRoot, "src/main.ts"), ...words];
  const { code, stderr } = await execute([...ordinaryCaller.prefix, ...program], {
    cwd,
    env: { PATH: "/usr/bin:/bin", HOME: directory.path, LOADED_MODULES: record },
  });
  if (code !== 0) throw new Error(`cupel ${words.join(" ")} ended with ${code}: ${stderr}`);
  return sort(readFileSync(record, "utf8").split("\n"));
}

const transpiler = new Bun.Transpiler({ loader: "ts", minifyWhitespace: true });

/** Bytes of these sources as a bundle holds them: without types, comments and indentation. */
export function sizeOf(sources: readonly string[]): number {
  const texts = sources.map((path) => readFileSync(join(repositoryRoot, "src", path), "utf8"));
  return texts.reduce((total, text) => total + transpiler.transformSync(text).length, 0);
}
