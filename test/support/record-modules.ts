/**
 * Which modules a command loads, as the runtime asks for them: preloaded in front of `src/main.ts`. Each is a line of the
 * file that LOADED_MODULES names: the path of a source, or the name by which one imports a package or `node:…` at once.
 */
import { plugin } from "bun";
import { appendFileSync, readFileSync } from "node:fs";

const record = process.env["LOADED_MODULES"];
if (record === undefined) throw new Error("LOADED_MODULES does not name a file");

const transpiler = new Bun.Transpiler({ loader: "ts" });

function modulesBeyond(text: string): string[] {
  const imports = transpiler.scanImports(text).filter(({ kind }) => kind === "import-statement");
  return imports.map(({ path }) => path).filter((path) => !path.startsWith("."));
}

plugin({
  name: "loaded modules",
  setup: (loader) => {
    loader.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8");
      appendFileSync(record, [path, ...modulesBeyond(contents)].map((line) => `${line}\n`).join(""));
      return { contents, loader: "ts" };
    });
  },
});
