/** The checkout that a script works on: where it is, what is in it, and writing to it without needless changes. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Top of the checkout, absolute. */
export const repositoryRoot: string = join(import.meta.dir, "..", "..");

/** Files below the root that match any of these globs, sorted, relative to the root. */
export function listFiles(globs: readonly string[], root: string = repositoryRoot): string[] {
  const found = globs.flatMap((glob) => [...new Bun.Glob(glob).scanSync({ cwd: root, onlyFiles: true })]);
  return [...new Set(found)].toSorted();
}

/** Hexadecimal SHA-256 of everything given, in order. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** The text of a file, or nothing where there is none. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** Writes a file only if that changes it, so that nothing becomes newer than it is. Says whether it wrote. */
export function writeIfChanged(path: string, text: string): boolean {
  if (readIfThere(path) === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return true;
}
