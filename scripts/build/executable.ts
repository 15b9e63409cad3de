/** Compiles src/main.ts to one executable. */
import { renameSync, rmSync } from "node:fs";
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
  const folder = join(repositoryRoot, "dist");
  const output = join(folder, "cupel");
  const temporary = `${output}.${process.pid}.tmp`;
  const entry = join(repositoryRoot, "src/main.ts");
  const child = Bun.spawn([process.execPath, "build", ...compileFlags, entry, "--outfile", temporary], {
    // Bun keeps what it has half written in the current directory.
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [printed, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) {
    rmSync(temporary, { force: true });
    throw new BuildError(`bun build failed:\n${printed}${complaints}`);
  }
  renameSync(temporary, output);
  return output;
}
