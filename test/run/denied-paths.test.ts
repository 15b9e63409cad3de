import { describe, expect, test } from "bun:test";
import { linkSync, symlinkSync } from "node:fs";
import { layOut, layoutRefusal } from "../support/laid-out-job.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

function makeProject(): TempDir & { readonly project: string } {
  const directory = makeTempDir();
  const project = directory.folder("project");
  for (const name of ["secret", "sub/inner", "other"]) directory.file(`project/${name}`, name);
  directory.file("beside/key", "key");
  return { ...directory, project };
}

async function denied(deny: readonly string[], at: string, parts: object = {}): Promise<readonly string[]> {
  return (await layOut({ deny, ...parts }, at)).layout.denied;
}

describe("what is denied", () => {
  test("is hidden where it is shown, each once, links by what they lead to", async () => {
    using place = makeProject();
    const { project } = place;
    symlinkSync("sub/inner", place.at("project/link"));
    symlinkSync("../beside", place.at("project/away"));
    expect(await denied(["secret", `${project}/sub`, "link", "./secret"], project)).toEqual([
      place.at("project/secret"),
      place.at("project/sub"),
      place.at("project/sub/inner"),
    ]);
    // Where it leads is not shown: there is nothing to hide.
    expect(await denied(["away", "../beside/key"], project)).toEqual([]);
    expect(await denied(["away/key"], project, { read: [place.at("beside")] })).toEqual([place.at("beside/key")]);
  });

  test("is hidden in system paths, and of what holds some, those", async () => {
    using place = makeProject();
    expect(await denied(["/usr/share", "/etc/ssl"], place.project)).toEqual(["/usr/share", "/etc/ssl"]);
    const all = await denied(["/etc"], place.project);
    expect(all).toContain("/etc/ssl");
    expect(all).not.toContain("/etc/passwd");
  });

  test("takes from tools what lies in it, and from nothing else", async () => {
    using place = makeProject();
    const [beside, project] = [place.at("beside"), place.project];
    const tools = { paths: [`${beside}/key`, place.at("project/sub")], directories: [], environment: {} };
    const { grants } = await layOut({ deny: [beside] }, project, tools);
    expect(grants).toEqual([]);
    const other = { ...tools, paths: [beside] };
    expect((await layOut({ deny: [`${beside}/key`] }, project, other)).grants).toEqual([
      { path: beside, access: "read" },
    ]);
  });

  test("is refused where it is not there, everything, the kernel's, or what the job is given", async () => {
    using place = makeProject();
    const { project } = place;
    const refusal = (deny: string, parts: object = {}): Promise<unknown> =>
      layoutRefusal({ deny: [deny], ...parts }, project);
    const hides = (path: string, given: string): string =>
      `--deny ${path} would hide ${given}, which the job is given; deny what lies in or beside that, or grant less`;
    expect(await refusal("no")).toBe("--deny no does not exist; name a path that does");
    expect(await refusal("/")).toBe("--deny / would hide everything; name what the job must not see");
    expect(await refusal("/proc/self")).toMatch(
      /^--deny \/proc\/\d+ lies under \/proc, of which every job has its own/,
    );
    expect(await refusal(".")).toBe(hides(project, project));
    expect(await refusal("..")).toBe(hides(place.path, project));
    expect(await refusal("../beside", { read: ["../beside/key"] })).toBe(
      hides(place.at("beside"), place.at("beside/key")),
    );
  });

  test("is refused where a file has a name that is not denied", async () => {
    using place = makeProject();
    const { project } = place;
    linkSync(place.at("project/secret"), place.at("project/other-name"));
    const two = `--deny ${project}/secret has 2 names (hard links), and would be seen at those that are not denied; deny each of them`;
    expect(await layoutRefusal({ deny: [`${project}/secret`] }, project)).toBe(two);
    expect(await layoutRefusal({ deny: ["secret", "secret"] }, project)).toBe(two);
    expect(await denied(["secret", "other-name"], project)).toHaveLength(2);
  });
});
