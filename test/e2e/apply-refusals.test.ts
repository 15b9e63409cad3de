/** What of a job's changes is not applied, and that nothing is then. */
import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { filledWorkspace, idIn } from "../support/filled-workspace.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";
import { readTree, readTreeExactly } from "../support/tree.ts";

const cupel = installCupel();

describe.each(callers)("changes that are applied by $name", (caller) => {
  const run = (workspace: TempDir, script: string) =>
    cupel.run(caller, ["run", "--workspace", "cow", "--", "sh", "-ec", script], { cwd: workspace.path });

  test.each([
    ["mkfifo x", "x", "it is a device, a FIFO or a socket"],
    ["ln -s /etc/passwd x", "x", 'it is a link that leads out of the workspace ("/etc/passwd")'],
    ["ln -s ../../etc x", "x", 'it is a link that leads out of the workspace ("../../etc")'],
    [
      "mkdir d; ln -s . d/here; ln -s d/here/../../.. x",
      "x",
      'it is a link that leads out of the workspace ("d/here/../../..")',
    ],
    [
      "mkdir .git/hooks; echo x > .git/hooks/pre-commit",
      ".git/hooks/pre-commit",
      "other programs take orders from it; name it to have it applied",
    ],
    [
      "echo x > .GIT-config; mkdir .Vscode; echo x > .Vscode/tasks.json",
      ".Vscode/tasks.json",
      "other programs take orders from it; name it to have it applied",
    ],
    ["echo x > PACKAGE.json", "PACKAGE.json", 'some file systems cannot tell its name from "package.json"'],
    [
      "printf x > \"$(printf 'e\\314\\201')\"; printf x > \"$(printf '\\303\\251')\"",
      "e\u0301",
      'some file systems cannot tell its name from "\u00e9"',
    ],
    ["printf x > \"$(printf 'a\\377')\"", "a�", "its name is not valid UTF-8"],
  ])("refuses, and then does nothing at all: %s", async (script, path, reason) => {
    using workspace = filledWorkspace(caller);
    const before = readTreeExactly(workspace.path);
    const ran = await run(workspace, `${script}\necho innocent > innocent`);
    const id = idIn(ran.stderr);
    const refused = await cupel.run(caller, ["apply", id]);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(`cupel: refused ${JSON.stringify(path)}: ${reason}\n`);
    expect(refused.stderr).toEndWith(`cupel: nothing of ${id} was applied; --skip-refused applies the rest\n`);
    expect(readTreeExactly(workspace.path)).toEqual(before);
    const rest = await cupel.run(caller, ["apply", id, "--skip-refused"]);
    expect(rest.code).toBe(1);
    expect(readFileSync(workspace.at("innocent"), "utf8")).toBe("innocent\n");
    expect(existsSync(workspace.at("x"))).toBe(false);
    await cupel.run(caller, ["discard", id]);
  });

  test.each([
    ["a copy", ["--strategy", "bubblewrap"]],
    ["an overlay", []],
  ])("%s takes nothing away that others put there meanwhile, an empty directory neither", async (_name, flags) => {
    using workspace = filledWorkspace(caller);
    const script = "rmdir given 2>/dev/null || :; echo up; sleep 1; echo made >made";
    workspace.folder("given");
    const words = ["run", ...flags, "--workspace", "cow", "--", "sh", "-ec", script];
    await using running = cupel.start(caller, words, { cwd: workspace.path });
    await running.wrote("up");
    workspace.folder("theirs");
    workspace.file("given/theirs", "theirs\n");
    const { stderr } = await running.ended;
    await cupel.run(caller, ["apply", idIn(stderr), "--skip-refused"]);
    expect(["made", "theirs", "given/theirs"].filter((path) => !existsSync(workspace.at(path)))).toEqual([]);
    await cupel.run(caller, ["discard", idIn(stderr)]);
  });

  test("refuses set-user-ID bits, which the sandbox gives no job", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "echo x > x");
    const id = idIn(ran.stderr);
    const directory = `${cupel.state(caller)}/layers/${id}`;
    const record = JSON.parse(readFileSync(`${directory}/layer.json`, "utf8"));
    record.changes[0].mode = 0o4755;
    writeFileSync(`${directory}/layer.json`, JSON.stringify(record));
    const refused = await cupel.run(caller, ["apply", id]);
    expect(refused.stderr).toContain('refused "x": it has a set-user-ID or set-group-ID bit');
    await cupel.run(caller, ["discard", id]);
  });

  test("refuses what the host changed meanwhile, while the job ran or after", async () => {
    using workspace = filledWorkspace(caller);
    const running = cupel.start(
      caller,
      [
        "run",
        "--workspace",
        "cow",
        "--",
        "sh",
        "-c",
        "echo more >> src/main.js; echo x >> package.json; echo ready; sleep 0.5",
      ],
      { cwd: workspace.path },
    );
    await Bun.sleep(300);
    writeFileSync(workspace.at("src/main.js"), "mine\n");
    const ran = await running.ended;
    const id = idIn(ran.stderr);
    writeFileSync(workspace.at("package.json"), "{}\n");
    const refused = await cupel.run(caller, ["apply", id]);
    expect(refused.stderr.split("\n").slice(0, 2)).toEqual([
      'cupel: refused "package.json": the host\'s file was changed meanwhile',
      'cupel: refused "src/main.js": the host\'s file was changed meanwhile',
    ]);
    expect(readFileSync(workspace.at("src/main.js"), "utf8")).toBe("mine\n");
    await cupel.run(caller, ["discard", id]);
  });

  test("follows no link that has taken a directory's place", async () => {
    using workspace = filledWorkspace(caller);
    using outside = makeTempDir({ owner: caller });
    const ran = await run(workspace, "echo more >> src/main.js; echo new > src/lib/new; rm src/lib/deep.js");
    const id = idIn(ran.stderr);
    cpSync(workspace.at("src"), outside.at("src"), { recursive: true });
    const before = readTree(outside.path);
    await cupel.outside(caller, ["sh", "-c", `mv src moved; ln -s ${outside.at("src")} src`], { cwd: workspace.path });
    const refused = await cupel.run(caller, ["apply", id]);
    expect(refused.code).toBe(1);
    expect(refused.stderr.match(/is not a directory of the host's any more/g)).toHaveLength(3);
    expect(readTree(outside.path)).toEqual(before);
    await cupel.run(caller, ["discard", id]);
  });

  test("applies a part, with the directories that it needs, and keeps the rest", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "mkdir -p a/b; echo 1 > a/b/one; echo 2 > a/two; echo 3 > three");
    const id = idIn(ran.stderr);
    const applied = await cupel.run(caller, ["apply", id, "a/b"]);
    expect(applied).toMatchObject({
      code: 0,
      stderr: "",
      stdout: `applied ${id} to ${workspace.path}: 3 paths added (2 bytes)\n`,
    });
    expect(readFileSync(workspace.at("a/b/one"), "utf8")).toBe("1\n");
    expect(existsSync(workspace.at("a/two"))).toBe(false);
    const missing = await cupel.run(caller, ["apply", id, "nowhere"]);
    expect(missing).toMatchObject({
      code: 64,
      stderr: `cupel: The changes ${id} have none at "nowhere"; cupel changes ${id} lists them\n`,
    });
    expect(await cupel.run(caller, ["apply", id])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(workspace.at("three"), "utf8")).toBe("3\n");
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("names are taken at their word: a protected one is applied when it is named", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "echo x > .npmrc");
    const id = idIn(ran.stderr);
    expect(await cupel.run(caller, ["apply", id])).toMatchObject({ code: 1 });
    expect(await cupel.run(caller, ["apply", id, ".npmrc"])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(workspace.at(".npmrc"), "utf8")).toBe("x\n");
  });
});
