/**
 * The one call of Bun's bundler, in a process of its own: within the one that has just generated sources, the bundler
 * remembers their folders as they were before. Takes a {@link CompileOrder} as JSON on standard input.
 */
import { join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";

/** What to compile. */
export interface CompileOrder {
  /** Absolute; the executable holds the last part, so releases have one name for all. */
  readonly outfile: string;
  /** The platform and the Bun that it runs on; this machine's and the one that builds where absent. */
  readonly platform?: { readonly target: Bun.Build.CompileTarget; readonly runtime: string } | undefined;
  /** Texts to compile in place of generated files, by path relative to the root. */
  readonly replaced?: Readonly<Record<string, string>> | undefined;
}

/**
 * How many times later than usual code is taken for hot. A run lives for milliseconds: to compile its loops costs more
 * than they do, a third of the whole run's processor time.
 */
const jitReluctance = 100;

/**
 * Bytecode makes it start in a few milliseconds; it allows no top-level await in src/. With splitting, what is imported
 * dynamically is read only where it is needed. Without the two autoload options the executable would run preload scripts
 * of a bunfig.toml, and read a .env, that lie where it is started.
 */
async function compile({ outfile, platform, replaced }: CompileOrder): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(repositoryRoot, "src/main.ts")],
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    sourcemap: "none",
    throw: false,
    plugins: replaced === undefined ? [] : [replaceFiles(replaced)],
    compile: {
      outfile,
      autoloadBunfig: false,
      autoloadDotenv: false,
      jitPolicy: jitReluctance,
      ...(platform === undefined ? {} : { target: platform.target, executablePath: platform.runtime }),
    },
  });
  for (const { message } of built.logs) console.error(message);
  if (!built.success) process.exitCode = 1;
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

await compile(await Bun.stdin.json());
