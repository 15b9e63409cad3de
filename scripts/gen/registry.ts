/** The lists of all probes and all strategies, from the files that are there. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseSource } from "../source/parse.ts";
import { listFiles } from "../source/repository.ts";

/** A folder of plug-ins and the list made of it. */
export interface RegistryKind {
  /** Folder below `src/`, and name of the exported list. */
  readonly folder: "probes" | "strategies";
  /** End of every imported name, so that a plug-in may be called like a keyword or a global. */
  readonly suffix: "Probe" | "Strategy";
  /** How the list is ordered, and code that puts it into that order where file names do not. */
  readonly order: { readonly words: string; readonly code?: string };
}

/** All registries. */
export const registryKinds: readonly RegistryKind[] = [
  { folder: "probes", suffix: "Probe", order: { words: "by file name" } },
  {
    folder: "strategies",
    suffix: "Strategy",
    order: { words: "the preferred first", code: "toSorted((one, other) => one.rank - other.rank)" },
  },
];

/** Names of the plug-in files of a folder, without endings, sorted: a default export, and no `_` in front. */
export function listPlugins(kind: RegistryKind, root: string): string[] {
  return listFiles([`src/${kind.folder}/*.ts`], root)
    .filter((path) => !basename(path).startsWith("_") && !path.endsWith(".gen.ts"))
    .filter((path) => parseSource(path, readFileSync(join(root, path), "utf8")).hasDefaultExport)
    .map((path) => basename(path, ".ts"));
}

/** Text of `registry.gen.ts` for these plug-ins, as the formatter would write it. */
export function renderRegistry(kind: RegistryKind, plugins: readonly string[]): string {
  const rows = plugins.map((name) => ({ name, identifier: camelCase(name) + kind.suffix }));
  const imports = rows.map(({ name, identifier }) => `import ${identifier} from "./${name}.ts";\n`).join("");
  const identifiers = rows.map(({ identifier }) => identifier);
  const head = `// Written by scripts/gen.ts from the files of this folder; do not edit.\n${imports}\n`;
  const comment = `/** All ${kind.folder}, ${kind.order.words}. */\n`;
  const { code } = kind.order;
  if (code === undefined) return `${head}${comment}${renderList(`export const ${kind.folder}`, identifiers)}`;
  return `${head}${renderList("const unordered", identifiers)}\n${comment}export const ${kind.folder} = unordered.${code};\n`;
}

// --- internal ---

const printWidth = 120;

function renderList(declared: string, items: readonly string[]): string {
  const line = `${declared} = [${items.join(", ")}] as const;\n`;
  if (line.length <= printWidth + 1) return line;
  return `${declared} = [\n${items.map((item) => `  ${item},\n`).join("")}] as const;\n`;
}

function camelCase(kebab: string): string {
  return kebab.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
