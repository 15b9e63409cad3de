/** What bun.lock pins. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { repositoryRoot } from "./repository.ts";

/** One package. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the package's archive in base64. */
  readonly sha512: string;
  /** Names of the packages that it cannot do without. */
  readonly dependencies: readonly string[];
}

/** The packages by name. */
export type LockFile = ReadonlyMap<string, LockedPackage>;

/** Reads a checkout's lock. */
export function readLockFile(root: string = repositoryRoot): LockFile {
  return parseLockFile(readFileSync(join(root, "bun.lock"), "utf8"));
}

/** What is pinned for a package. @throws where the lock does not name it. */
export function requireLocked(lock: LockFile, name: string): LockedPackage {
  const found = lock.get(name);
  if (found === undefined) throw new Error(`bun.lock does not name ${name}`);
  return found;
}

/** The text format of Bun's lock: JSON with trailing commas; `"NAME": ["NAME@VERSION", REGISTRY, {…}, "sha512-…"]`. */
export function parseLockFile(text: string): LockFile {
  const { packages } = v.parse(lockSchema, JSON.parse(text.replace(/,(?=\s*[}\]])/g, "")));
  return new Map(
    Object.entries(packages).map(([name, [id, , { dependencies }, integrity]]) => [
      name,
      {
        name,
        version: id.slice(id.lastIndexOf("@") + 1),
        sha512: integrity.replace(/^sha512-/, ""),
        dependencies: Object.keys(dependencies),
      },
    ]),
  );
}

// --- internal ---

const namesSchema = v.optional(v.record(v.string(), v.string()), {});
const packageSchema = v.tuple([
  v.string(),
  v.string(),
  v.object({ dependencies: namesSchema }),
  v.pipe(v.string(), v.startsWith("sha512-")),
]);
const lockSchema = v.object({ packages: v.record(v.string(), packageSchema) });
