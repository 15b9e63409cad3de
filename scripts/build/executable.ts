/** Compiles src/main.ts to one executable. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { BuildError } from "./build-error.ts";
import type { CompileOrder } from "./compile.ts";

/** What an executable is made of besides the sources, and where it goes. */
export interface ExecutableOrder extends Omit<CompileOrder, "outfile"> {
  /** Absolute. */
  readonly output: string;
}

/** Builds an executable, all at once or not at all. The same bytes from the same sources, wherever they lie. */
export async function buildExecutable({ output, ...order }: ExecutableOrder): Promise<void> {
  // A folder of its own, for the executable holds its own file name; Bun also keeps what is half written in it.
  const folder = join(dirname(output), `.building-${process.pid}-${Bun.randomUUIDv7().slice(-8)}`);
  mkdirSync(folder, { recursive: true });
  try {
    await compileInto(folder, order);
    // Bun adds Windows' ending itself.
    const made = ["cupel", "cupel.exe"].map((name) => join(folder, name)).find((path) => existsSync(path));
    renameSync(made ?? join(folder, "cupel"), output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// --- internal ---

async function compileInto(folder: string, order: Omit<CompileOrder, "outfile">): Promise<void> {
  const compileOrder: CompileOrder = { outfile: join(folder, "cupel"), ...order };
  const child = Bun.spawn([process.execPath, "--no-env-file", join(import.meta.dir, "compile.ts")], {
    cwd: folder,
    stdin: new Blob([JSON.stringify(compileOrder)]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [printed, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new BuildError(`bun build failed:\n${printed}${complaints}`);
}
