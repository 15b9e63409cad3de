/** A workspace with something in it, and what `run` says of it. */
import { symlinkSync } from "node:fs";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** A repository and a package with modules, as small as they come. */
function fillWorkspace(workspace: TempDir): void {
  workspace.file("package.json", '{"name":"a"}\n');
  workspace.file("src/main.js", "one\ntwo\nthree\n");
  workspace.file("src/lib/deep.js", "deep\n");
  workspace.file("bin/run", "#!/bin/sh\n", 0o755);
  for (const name of ["left", "right"]) workspace.file(`node_modules/${name}/index.js`, `${name}\n`);
  workspace.file("node_modules/left/package.json", "{}\n");
  workspace.file(".git/HEAD", "ref: refs/heads/main\n");
  workspace.file(".git/objects/00/11", "object\n", 0o444);
  symlinkSync("src/main.js", workspace.at("link"));
}

/** One, of this caller's. */
export function filledWorkspace(caller: Pick<Caller, "uid" | "gid">): TempDir {
  const workspace = makeTempDir({ owner: caller });
  fillWorkspace(workspace);
  return workspace;
}

/** Lines of a job's script that change it in the ways that an overlay has to mark. */
export const usualDoings: readonly string[] = [
  "echo more >> src/main.js",
  "rm -r node_modules",
  "mkdir -p node_modules/left && echo again > node_modules/left/index.js",
  "rm package.json && mkdir package.json && echo inside > package.json/a",
  "mv src/lib src/moved",
  "rm link && ln -s bin/run link",
  "mkdir -m 1750 empty",
];

/** The id by which `run` says that changes are kept; empty where it does not. */
export function idIn(text: string): string {
  return /cupel changes ([a-z2-9]{6})/.exec(text)?.[1] ?? "";
}
