/** A cupel, run from its sources, that leaves one step of a sandbox's set-up out. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileHelper, findCompiler, listHelpers, objectsOf, type Architecture } from "../../scripts/build/native.ts";
import { renderEmbeddedHelpers } from "../../scripts/gen/embedded-helpers.ts";
import { sha256 } from "../../scripts/source/repository.ts";
import { repositoryRoot } from "./compile-c.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";

/** One change to a source, which is there exactly once. */
export interface Patch {
  /** Relative to the repository. */
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

const architecture = process.arch as Architecture;

/** @throws Error where the text is not there exactly once: then nothing would have been left out. */
function apply(root: string, { path, from, to }: Patch): void {
  const text = readFileSync(join(root, path), "utf8");
  if (text.split(from).length !== 2) throw new Error(`${path} does not hold exactly once: ${from}`);
  writeFileSync(
    join(root, path),
    text.replace(from, () => to),
  );
}

async function buildLauncher(copy: TempDir): Promise<void> {
  const output = copy.at("launcher");
  const order = { name: "launcher", architecture, compiler: findCompiler(), root: copy.path, output };
  await compileHelper(order, [copy.at("objects"), objectsOf("launcher", architecture)]);
  const helpers = listHelpers().map((name) => {
    const built = join(repositoryRoot, "dist/helpers", architecture, name);
    const bytes = readFileSync(name === "launcher" ? output : built);
    return { name, bytes, sha256: sha256(bytes) };
  });
  for (const [path, text] of Object.entries(renderEmbeddedHelpers(helpers))) writeFileSync(copy.at(path), text);
}

/** Makes one in a directory of its own; `main` is run by the runtime that runs the tests. */
export async function makeMutant(patches: readonly Patch[]): Promise<{ readonly main: string } & Disposable> {
  const copy = makeTempDir();
  for (const name of ["src", "platform/linux"]) cpSync(join(repositoryRoot, name), copy.at(name), { recursive: true });
  for (const name of ["package.json", "tsconfig.json"]) cpSync(join(repositoryRoot, name), copy.at(name));
  symlinkSync(join(repositoryRoot, "node_modules"), copy.at("node_modules"));
  for (const patch of patches) apply(copy.path, patch);
  if (patches.some(({ path }) => path.endsWith(".c"))) await buildLauncher(copy);
  return { main: copy.at("src/main.ts"), [Symbol.dispose]: () => copy[Symbol.dispose]() };
}
