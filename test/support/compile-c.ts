/** Compiles C for tests, once for each state of its sources. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** What is compiled, and how. */
export interface CompileOptions {
  /** `gcc` unless told otherwise. */
  readonly compiler?: string;
  readonly flags?: readonly string[];
  /** Files that the source includes: another one, another program. */
  readonly dependencies?: readonly string[];
}

/** The repository. */
export const repositoryRoot = resolve(import.meta.dir, "../..");

/** Compiles `source` into dist/test-programs, unless it is there, and gives the program's path. @throws what the compiler said. */
export function compileC(
  source: string,
  { compiler = "gcc", flags = [], dependencies = [] }: CompileOptions = {},
): string {
  const contents = [source, ...dependencies].map((path) => readFileSync(path, "utf8"));
  const key = Bun.hash(JSON.stringify([compiler, flags, contents])).toString(16);
  const output = join(repositoryRoot, "dist/test-programs", `${basename(source, ".c")}-${key}`);
  if (existsSync(output)) return output;
  mkdirSync(dirname(output), { recursive: true });
  const temporary = `${output}.${process.pid}`;
  const { status, stderr } = spawnSync(compiler, [...flags, "-o", temporary, source], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${source} does not compile: ${stderr}`);
  renameSync(temporary, output);
  return output;
}
