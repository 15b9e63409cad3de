/** The rules that hold src/ together, as pure functions of its files. Each returns what breaks it, one sentence apiece. */
import { posix } from "node:path";
import { parseSource, type ImportSite, type ParsedSource } from "./parse.ts";

/** Texts by path, relative to the root of the checkout. */
export type FileMap = Readonly<Record<string, string>>;

/** Folders of src/ from left to right: each imports itself and those to its left. `main` is src/main.ts. */
export const stages = [
  "model",
  "host",
  "launch",
  "probes",
  "matrix",
  "strategies",
  "select",
  "report",
  "run",
  "verify",
  "commands",
  "main",
] as const;

/** All that src/ may import besides itself and Node's own modules. */
const allowedPackages: ReadonlySet<string> = new Set([
  "@valibot/to-json-schema",
  "citty",
  "consola",
  "modern-tar",
  "systeminformation",
  "valibot",
  "yaml",
]);

/** The one file that may take the runtime's own process spawning, and only where it finds it on globalThis. */
const spawningFile = "src/host/spawn-child.ts";

/** A folder imports only itself and folders to its left; every folder is on the line. */
export function findWrongDirections(files: FileMap): string[] {
  return eachImport(files, (path, { specifier, line }) => {
    if (specifier === undefined || !specifier.startsWith(".")) return undefined;
    const target = resolveImport(path, specifier);
    const [from, to] = [stageIndex(path), stageIndex(target)];
    if (from >= 0 && to >= 0 && to <= from) return undefined;
    return `${path}:${line} imports ${target}, which is not to its left`;
  });
}

/** Only Node's own modules by their `node:` names, the allowed packages, and files by relative paths that end in .ts. */
export function findForeignImports(files: FileMap): string[] {
  return eachImport(files, (path, { specifier, line }) => {
    const reason = explainForeignImport(specifier);
    return reason === undefined ? undefined : `${path}:${line} imports ${specifier ?? "what it computes"}: ${reason}`;
  });
}

/** The runtime is not named; in {@link spawningFile} it may be, as a property. */
export function findRuntimeNames(files: FileMap): string[] {
  return eachSource(files, (path, { names }) =>
    names
      .filter(({ name, isOwner }) => name === "Bun" && (path !== spawningFile || isOwner))
      .map(({ line }) => `${path}:${line} names Bun`),
  );
}

/** Only src/main.ts ends the process. */
export function findExits(files: FileMap): string[] {
  return eachSource(files, (path, { names }) =>
    names
      .filter(({ name, owner }) => name === "exit" && owner === "process" && path !== "src/main.ts")
      .map(({ line }) => `${path}:${line} calls process.exit`),
  );
}

/** A test in a folder that src/ has too is named after the file that it tests. */
export function findStrayTests(files: FileMap, testPaths: readonly string[]): string[] {
  const folders: ReadonlySet<string> = new Set(stages);
  return testPaths
    .filter((path) => folders.has(path.split("/")[1] ?? ""))
    .map((path) => ({ path, subject: path.replace(/^test\//, "src/").replace(/\.test\.ts$/, ".ts") }))
    .filter(({ subject }) => files[subject] === undefined)
    .map(({ path, subject }) => `${path} tests ${subject}, which is not there`);
}

/** No file imports itself through others; type imports count. One sentence for each cycle, from its first file. */
export function findCycles(files: FileMap): string[] {
  const graph = new Map(sourceEntries(files).map(([path, parsed]) => [path, relativeTargets(path, parsed)]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(" → "));
    if (start >= 0 || finished.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

// --- internal ---

function sourceEntries(files: FileMap): [string, ParsedSource][] {
  return Object.entries(files).map(([path, text]) => [path, parseSource(path, text)]);
}

function eachSource(files: FileMap, find: (path: string, parsed: ParsedSource) => string[]): string[] {
  return [...new Set(sourceEntries(files).flatMap(([path, parsed]) => find(path, parsed)))];
}

function eachImport(files: FileMap, judge: (path: string, site: ImportSite) => string | undefined): string[] {
  return eachSource(files, (path, { imports }) => imports.flatMap((site) => judge(path, site) ?? []));
}

function resolveImport(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

function relativeTargets(path: string, { imports }: ParsedSource): string[] {
  return imports.flatMap(({ specifier }) => (specifier?.startsWith(".") ? [resolveImport(path, specifier)] : []));
}

/** Position on the line; -1 for what is not on it. */
function stageIndex(path: string): number {
  const names: readonly string[] = stages;
  const [top, folder = "", ...rest] = path.split("/");
  if (top !== "src") return -1;
  return rest.length === 0 ? names.indexOf(folder.replace(/\.ts$/, "")) : names.indexOf(folder);
}

function explainForeignImport(specifier: string | undefined): string | undefined {
  if (specifier === undefined) return "an import has to be written out";
  if (specifier.startsWith("node:")) return undefined;
  if (specifier.startsWith(".")) return specifier.endsWith(".ts") ? undefined : "relative imports end in .ts";
  return allowedPackages.has(specifier) ? undefined : "not one of the allowed packages";
}
