/** Objects of C sources, each compiled once for as long as nothing that goes into it changes. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { inParallel } from "../../src/verify/in-parallel.ts";
import { sha256 } from "../source/repository.ts";

/** Sources, and what decides whether an object is still theirs. */
export interface ObjectOrder {
  readonly sources: readonly string[];
  /** What goes into every object besides its source: compiler, flags, headers. */
  readonly basis: readonly (string | Buffer)[];
  readonly contentOf: (source: string) => Buffer;
  readonly compile: (source: string, output: string) => Promise<void>;
  /** Where objects are looked for. New ones go into the first, where old ones that no source of the order has are removed. */
  readonly directories: readonly string[];
}

/** The objects' paths, in the order of their sources. @throws what `compile` throws. */
export async function compileObjects(order: ObjectOrder): Promise<string[]> {
  const [own] = order.directories;
  if (own === undefined) throw new Error("no directory for objects");
  mkdirSync(own, { recursive: true });
  const basis = sha256(...order.basis);
  const objects = await inParallel(
    order.sources.map((source) => () => objectOf(order, source, basis, own)),
    cpus().length,
  );
  removeUnused(own, new Set(objects));
  return objects;
}

// --- internal ---

/** What another build may be about to use is left to a later one. */
const unusedMs = 60 * 60 * 1000;

function removeUnused(directory: string, used: ReadonlySet<string>): void {
  for (const path of readdirSync(directory).map((name) => join(directory, name))) {
    const { mtimeMs = Infinity } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (!used.has(path) && Date.now() - mtimeMs > unusedMs) rmSync(path, { force: true });
  }
}

async function objectOf(order: ObjectOrder, source: string, basis: string, own: string): Promise<string> {
  const key = sha256(basis, source, order.contentOf(source));
  const name = `${basename(source, ".c")}-${key.slice(0, 32)}.o`;
  const kept = order.directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (kept !== undefined) return kept;
  const temporary = join(own, `${name}.${process.pid}.tmp`);
  await order.compile(source, temporary);
  renameSync(temporary, join(own, name));
  return join(own, name);
}
