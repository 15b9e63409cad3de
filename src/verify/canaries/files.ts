/** Canaries that are files: everyone may read and change them, so that it is the sandbox alone that keeps them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { errnoOf } from "../../host/errno-of.ts";
import type { AttackKey } from "../attack-keys.ts";
import { removalNow, removeVerificationFiles, verificationDirectoryStart } from "../../run/verification-files.ts";
import { freshToken, type AttackKeys, type PlantedCanaries } from "./canary.ts";
import type { Hit } from "./hit.ts";
import { differencesOf, readTreeState, type TreeState } from "./tree-state.ts";

/** What a workspace may become. */
export type WorkspaceUse = "read" | "written";

/** Canaries in files, and the directory that they and the workspace lie in. */
export interface PlantedFiles extends PlantedCanaries {
  readonly directory: string;
  /** The job's directory: nothing in it is secret. */
  readonly workspace: string;
  /** With a token: for others to hold open. */
  readonly openFile: string;
  /** What the file that may not be changed holds. */
  readonly readOnlyText: string;
  /** All directories that were made, best first. */
  readonly places: readonly string[];
}

function writeForAll(path: string, text: string): string {
  writeFileSync(path, `${text}\n`, { flag: "wx" });
  chmodSync(path, 0o666);
  return path;
}

/** As it was planted: the next attack is to find what the first one found. */
function restore(path: string, text: string): void {
  rmSync(path, { force: true });
  writeForAll(path, text);
}

function makeForAll(path: string): string {
  mkdirSync(path);
  chmodSync(path, 0o777);
  return path;
}

/** Names that tools trust and that a hostile job would like to leave behind; none of them is there. */
const protectedNames = [
  ".git/hooks/pre-commit",
  ".git/config.worktree",
  ".bashrc",
  ".envrc",
  ".npmrc",
  ".vscode/tasks.json",
  ".claude/settings.json",
  "cupel.yaml",
];

function plantWorkspace(workspace: string): AttackKeys {
  makeForAll(workspace);
  const git = makeForAll(`${workspace}/.git`);
  makeForAll(`${git}/hooks`);
  return {
    workspace,
    "protected-directory": git,
    "protected-names": protectedNames.map((name) => `${workspace}/${name}`).join("\n"),
  };
}

/** Where else a user can write, first the one that is wanted. */
function otherPlaces(home: string | undefined): Record<"home-file" | "system-file", string[]> {
  const homes = home === undefined || home === "/" ? [] : [home];
  return { "home-file": [...homes, "/var/tmp", tmpdir()], "system-file": ["/dev/shm", "/var/tmp", tmpdir()] };
}

class Planter {
  readonly made: string[] = [];
  readonly tokens: string[] = [];

  token(): string {
    const fresh = freshToken();
    this.tokens.push(fresh);
    return fresh;
  }

  /** A directory of this verification's in `parent`. @throws the runtime's error. */
  makeIn(parent: string): string {
    const directory = mkdtempSync(`${parent}/${verificationDirectoryStart()}`);
    this.made.push(directory);
    chmodSync(directory, 0o755);
    return directory;
  }

  /** In the first of `parents` that takes one; each directory also holds a file whose name is a token. */
  fileInOne(parents: readonly string[]): { path: string } | { errno: string } {
    let errno = "ENOENT";
    for (const parent of parents) {
      try {
        const directory = makeOpen(this.makeIn(parent));
        writeForAll(`${directory}/${this.token()}`, "");
        return { path: writeForAll(`${directory}/file`, this.token()) };
      } catch (error) {
        errno = errnoOf(error);
      }
    }
    return { errno };
  }

  remove(): void {
    const context = removalNow();
    for (const path of this.made) removeVerificationFiles(path, process.getuid?.() ?? 0, context);
  }
}

function makeOpen(directory: string): string {
  chmodSync(directory, 0o777);
  return directory;
}

function plantAll(
  planter: Planter,
  home: string | undefined,
  use: WorkspaceUse,
): Omit<PlantedFiles, "look" | "remove"> {
  const directory = planter.makeIn(tmpdir());
  const workspace = `${directory}/workspace`;
  const secret = makeForAll(`${directory}/secret`);
  const keys: Partial<Record<AttackKey, string>> = plantWorkspace(workspace);
  const absent: Record<string, string> = {};
  // In the workspace it is seen and may not be changed; where that is written through, it lies outside.
  const readOnly = use === "read" ? workspace : secret;
  const readOnlyText = `${planter.token()} ${planter.token()}`;
  keys["read-only-file"] = writeForAll(`${readOnly}/read-only-file`, readOnlyText);
  keys["out-directory"] = makeForAll(`${secret}/out`);
  for (const [key, parents] of Object.entries(otherPlaces(home))) {
    const planted = planter.fileInOne(parents);
    if ("path" in planted) keys[key as AttackKey] = planted.path;
    else absent[key] = planted.errno;
  }
  return {
    directory,
    workspace,
    readOnlyText,
    openFile: writeForAll(`${secret}/open-file`, planter.token()),
    places: planter.made,
    keys,
    // What lies in the workspace for everyone to read is no secret.
    tokens: planter.tokens.slice(2),
    absent,
  };
}

/** Plants them. @throws the runtime's error where the directory for temporary files takes nothing. */
export function plantFiles(home: string | undefined, use: WorkspaceUse): PlantedFiles {
  const planter = new Planter();
  try {
    const planted = plantAll(planter, home, use);
    const watched = watch(planter.made, planted);
    return {
      ...planted,
      look: () => Promise.resolve(watched()),
      remove: () => Promise.resolve(planter.remove()),
    };
  } catch (error) {
    planter.remove();
    throw error;
  }
}

/** The canary that an entry belongs to: the longest of the keys' paths that it is or lies below. Pure. */
export function canaryAt(path: string, keys: AttackKeys): string {
  const fitting = Object.entries(keys).filter(([, place]) => path === place || path.startsWith(`${place}/`));
  return fitting.toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0] ?? "out-directory";
}

/** Each call says what changed since the last one. */
function watch(
  roots: readonly string[],
  { keys, readOnlyText }: Pick<PlantedFiles, "keys" | "readOnlyText">,
): () => Hit[] {
  const states = new Map<string, TreeState>(roots.map((root) => [root, readTreeState(root)]));
  const readOnlyFile = keys["read-only-file"] ?? "";
  return () => {
    const changed = roots.flatMap((root) => differencesOf("", states.get(root) ?? new Map(), readTreeState(root)));
    const hits = changed.map(({ text }) => ({ canary: canaryAt(text.split(" ")[0] ?? "", keys), text }));
    if (hits.some(({ canary }) => canary === "read-only-file")) restore(readOnlyFile, readOnlyText);
    if (hits.length > 0) for (const root of roots) states.set(root, readTreeState(root));
    return hits;
  };
}
