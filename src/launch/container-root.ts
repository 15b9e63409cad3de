/**
 * What engines are given to run: a root directory that holds the prober as its one program, and small files of their
 * own beside it, all in a state directory of cupel's. They stay from run to run, so that nothing is left over.
 */
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { usePrivateDirectory } from "../host/private-directory.ts";
import { removeIfThere, replaceFile } from "../host/replace-file.ts";
import { originalHelper } from "./helper-file.ts";
import type { Place } from "./helper-port.ts";

/** Where container engines mount things; some of them make what is missing, others refuse. */
export const mountPoints = ["dev", "etc", "proc", "run", "sys", "tmp", "var"] as const;

function failed(reason: string): Place {
  return { ok: false, reason };
}

function makeDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  // Whatever the umask: whoever root is inside must get through.
  chmodSync(path, mode);
}

function isEqual(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** Writes what is not there already, byte for byte; gives why not. */
function writeFiles(
  directory: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  mode: number,
): string | undefined {
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const path = `${directory}/${name}`;
    const failure = isEqual(path, bytes) ? undefined : replaceFile(path, bytes, { mode, isSynced: false });
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** `cupel clean` may take it away at any moment; then it is made again. */
const makeTries = 20;

function make(directory: string, uid: number, fill: () => string | undefined, path: string): Place {
  for (let tries = 1; ; tries++) {
    const made = tryToMake(directory, uid, fill, path);
    if (made.ok || tries === makeTries || !made.reason.endsWith("ENOENT")) return made;
  }
}

function tryToMake(directory: string, uid: number, fill: () => string | undefined, path: string): Place {
  const state = usePrivateDirectory(directory, uid);
  if (!state.ok) return failed(state.reason);
  try {
    const failure = fill();
    return failure === undefined ? { ok: true, path } : failed(failure);
  } catch (error) {
    return failed(`${path}: ${errnoOf(error)}`);
  }
}

/** A root with `/prober` and empty mount points, in a state directory. */
export function useContainerRoot(directory: string, uid: number): Place {
  const root = `${directory}/root`;
  const fill = (): string | undefined => {
    makeDirectory(root, 0o755);
    for (const name of mountPoints) makeDirectory(`${root}/${name}`, name === "tmp" ? 0o1777 : 0o755);
    return writeFiles(root, { prober: originalHelper("prober").bytes }, 0o555);
  };
  return make(directory, uid, fill, root);
}

/** The directory for one engine. */
export function enginePlace(directory: string, name: string): string {
  return `${directory}/engines/${name}`;
}

/** A directory for one engine, in a state directory, with these files (0700) and directories in it beside what is there. */
export function useEnginePlace(
  directory: string,
  uid: number,
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Place {
  const place = enginePlace(directory, name);
  const fill = (): string | undefined => {
    makeDirectory(`${directory}/engines`, 0o700);
    makeDirectory(place, 0o700);
    const entries = Object.entries(files);
    for (const [path] of entries.filter(([entry]) => entry.endsWith("/"))) makeDirectory(`${place}/${path}`, 0o700);
    const contents = entries.filter(([entry]) => !entry.endsWith("/"));
    return writeFiles(place, Object.fromEntries(contents), 0o700);
  };
  return make(directory, uid, fill, place);
}

/** Of each caller's own: another may be at work in the same place, and takes away only what it put there. */
function archiveName(): string {
  return `root-${Math.random().toString(36).slice(2, 12)}.tar`;
}

function writeArchive(directories: readonly string[], uid: number, name: string, bytes: Uint8Array): Place {
  const reasons: string[] = [];
  for (const directory of directories) {
    const place = useEnginePlace(directory, uid, "docker", { [name]: bytes });
    if (place.ok) return { ok: true, path: `${place.path}/${name}` };
    reasons.push(place.reason);
  }
  return failed(`no place for an archive: ${reasons.join("; ")}`);
}

/** An archive with `/prober` alone, in the first state directory that takes it, while `use` runs. */
export async function withRootArchive<Result>(
  directories: readonly string[],
  uid: number,
  use: (archive: Place) => Promise<Result>,
): Promise<Result> {
  // Only those load it who need it.
  const { archiveImage } = await import("./image-archive.ts");
  const bytes = await archiveImage([
    { kind: "file", path: "/prober", content: originalHelper("prober").bytes, mode: 0o555 },
  ]);
  const archive = writeArchive(directories, uid, archiveName(), bytes);
  try {
    return await use(archive);
  } finally {
    if (archive.ok) removeIfThere(archive.path);
  }
}
