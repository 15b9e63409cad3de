/** Directories that are gone when the test ends. */
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Caller } from "./tester.ts";

/** A directory for one test: `using directory = makeTempDir()`. */
export interface TempDir extends Disposable {
  readonly path: string;
  /** Writes a file below it, making its parents; gives its path. */
  file(name: string, content?: string | Uint8Array, mode?: number): string;
  /** Makes a directory below it; gives its path. */
  folder(name: string, mode?: number): string;
  /** The path of something below it, made or not. */
  at(name: string): string;
}

/** Where a directory is made, and whose it is. */
export interface TempDirOptions {
  /** Owner of the directory and of what is made in it by these functions. */
  readonly owner?: Pick<Caller, "uid" | "gid"> | undefined;
  readonly mode?: number;
  /** Directory that it is made in; the system's for temporary files when absent. */
  readonly parent?: string;
}

/** Makes one. Readable by everyone unless told otherwise, so that other users can be tried on it. */
export function makeTempDir({ owner, mode = 0o755, parent = tmpdir() }: TempDirOptions = {}): TempDir {
  const path = realpathSync(mkdtempSync(join(parent, "cupel-test-")));
  const own = (made: string, bits: number): string => {
    chmodSync(made, bits);
    if (owner !== undefined) chownSync(made, owner.uid, owner.gid);
    return made;
  };
  const folder = (name: string, bits = 0o755): string => {
    const made = join(path, name);
    if (existsSync(made)) return made;
    if (dirname(made) !== path) folder(dirname(name));
    mkdirSync(made);
    return own(made, bits);
  };
  own(path, mode);
  return {
    path,
    folder,
    at: (name) => join(path, name),
    file: (name, content = "", bits = 0o644) => {
      if (name.includes("/")) folder(dirname(name));
      writeFileSync(join(path, name), content);
      return own(join(path, name), bits);
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
