/** Compiles src/main.ts to one executable. */
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { BuildError } from "./build-error.ts";
import { repositoryRoot } from "../source/repository.ts";

/** What an executable is made of besides the sources. */
export interface ExecutableOrder {
  /** Absolute. */
  readonly output: string;
  /** The platform and the Bun that it runs on; this machine's and the one that builds where absent. */
  readonly platform?: { readonly target: Bun.Build.CompileTarget; readonly runtime: string } | undefined;
  /** Texts to compile in place of files, by path relative to the root. */
  readonly replaced?: Readonly<Record<string, string>> | undefined;
}

/** Builds an executable, all at once or not at all. The same bytes from the same sources, wherever they lie. */
export async function buildExecutable(order: ExecutableOrder): Promise<void> {
  // A folder of its own, for the executable holds its own file name; Bun also keeps what is half written in it.
  const folder = join(dirname(order.output), `.building-${process.pid}-${Bun.randomUUIDv7().slice(-8)}`);
  mkdirSync(folder, { recursive: true });
  try {
    renameSync(await compileInto(folder, order), order.output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// --- internal ---

/**
 * Bytecode makes it start in a few milliseconds; it allows no top-level await in src/. Without the two autoload options
 * the executable would run preload scripts of a bunfig.toml, and read a .env, that lie where it is started.
 */
async function compileInto(folder: string, { platform, replaced }: ExecutableOrder): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(repositoryRoot, "src/main.ts")],
    minify: true,
    bytecode: true,
    sourcemap: "none",
    throw: false,
    plugins: replaced === undefined ? [] : [replaceFiles(replaced)],
    compile: {
      outfile: join(folder, "cupel"),
      autoloadBunfig: false,
      autoloadDotenv: false,
      ...(platform === undefined ? {} : { target: platform.target, executablePath: platform.runtime }),
    },
  });
  const [output] = built.outputs;
  if (!built.success || output === undefined)
    throw new BuildError(`bun build failed:\n${built.logs.map(({ message }) => message).join("\n")}`);
  return output.path;
}

/** Has the bundler read these texts in place of the files, which stay as they are. */
function replaceFiles(texts: Readonly<Record<string, string>>): Bun.BunPlugin {
  const byPath = new Map(Object.entries(texts).map(([path, text]) => [join(repositoryRoot, path), text]));
  return {
    name: "replaced sources",
    setup: (bundler) => {
      bundler.onLoad({ filter: /\.gen\.ts$/ }, ({ path }) => {
        const text = byPath.get(path);
        return text === undefined ? undefined : { contents: text, loader: "ts" };
      });
    },
  };
}
