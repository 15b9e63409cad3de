/** Compiles src/main.ts to one executable. */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "./build-error.ts";
import { repositoryRoot } from "../source/repository.ts";

/**
 * Bytecode makes it start in a few milliseconds; it allows no top-level await in src/. Without the two --no-compile-…
 * flags the executable would run preload scripts of a bunfig.toml, and read a .env, that lie where it is started.
 */
const compileFlags = [
  "--compile",
  "--minify",
  "--bytecode",
  "--sourcemap=none",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-dotenv",
];

/** Builds dist/cupel, all at once or not at all; returns its path. */
export async function buildExecutable(): Promise<string> {
  const output = join(repositoryRoot, "dist/cupel");
  // A folder of its own, for the executable holds its own file name; Bun also keeps what is half written in it.
  const folder = join(repositoryRoot, `dist/.building-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  try {
    await compileInto(folder);
    renameSync(join(folder, "cupel"), output);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return output;
}

// --- internal ---

async function compileInto(folder: string): Promise<void> {
  const entry = join(repositoryRoot, "src/main.ts");
  const child = Bun.spawn([process.execPath, "build", ...compileFlags, entry, "--outfile", "cupel"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [printed, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new BuildError(`bun build failed:\n${printed}${complaints}`);
}
