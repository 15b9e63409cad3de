import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { layOut, layoutRefusal } from "../support/laid-out-job.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

function makeProject(): TempDir & { readonly project: string } {
  const directory = makeTempDir();
  const project = directory.folder("project");
  const names = [
    ".git/config",
    ".git/hooks/pre-commit",
    ".git/HEAD",
    ".envrc",
    ".vscode/tasks.json",
    "src/.npmrc",
    "src/run.sh",
  ];
  for (const name of names) directory.file(`project/${name}`);
  symlinkSync("src/run.sh", directory.at("project/.bashrc"));
  return { ...directory, project };
}

async function kept(parts: object, { project }: { project: string }): Promise<string[]> {
  const { layout } = await layOut(parts, project);
  return layout.keptNames.map((path) => path.slice(project.length + 1));
}

describe("protected names in what is written through", () => {
  const usual = [".envrc", ".git/config", ".git/hooks", ".vscode"];

  test("are those that exist in it and in its repository, but for links", async () => {
    using place = makeProject();
    expect(await kept({ workspace: "rw" }, place)).toEqual(usual);
    expect(await kept({ workspace: "none", write: [place.project] }, place)).toEqual(usual);
  });

  test("are none where nothing is", async () => {
    using place = makeProject();
    expect(await kept({ workspace: "ro" }, place)).toEqual([]);
    expect(await kept({ workspace: "ro", write: ["src"] }, place)).toEqual(["src/.npmrc"]);
  });

  test("are those that the caller names as well, wherever they are", async () => {
    using place = makeProject();
    expect(await kept({ workspace: "rw", protect: ["*.sh"] }, place)).toEqual([...usual, "src/run.sh"]);
    expect(await kept({ workspace: "rw", protect: ["src/"] }, place)).toEqual([...usual, "src"]);
  });

  test("are not those that are granted by a name of their own, or hold such a one", async () => {
    using place = makeProject();
    expect(await kept({ workspace: "rw", write: [".git"] }, place)).toEqual([".envrc", ".vscode"]);
    expect(await kept({ workspace: "rw", write: [".git/hooks/pre-commit"] }, place)).toEqual([
      ".envrc",
      ".git/config",
      ".vscode",
    ]);
  });

  test("are too many where the launcher could not mount them all", async () => {
    using place = makeProject();
    for (let index = 0; index < 200; index++) place.file(`project/many/${index}.x`);
    expect(await layoutRefusal({ workspace: "rw", protect: ["*.x"] }, place.project)).toBe(
      "204 protected names lie in what the job may write, and at most 200 can be kept; make less of it writable",
    );
  });
});
