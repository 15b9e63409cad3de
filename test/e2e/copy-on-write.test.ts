/** Copy-on-write workspaces: the host's tree stays as it is, and what is applied is what the job did, no more. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";
import { readTree, readTreeExactly } from "../support/tree.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

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

function filled(caller: Pick<Caller, "uid" | "gid">): TempDir {
  const workspace = makeTempDir({ owner: caller });
  fillWorkspace(workspace);
  return workspace;
}

/** Everything that a job may do to a tree, but what is refused. */
const doings = [
  "echo more >> src/main.js",
  "echo new > src/new.js",
  "rm -r node_modules",
  "mkdir -p node_modules/left && echo again > node_modules/left/index.js",
  "chmod 700 bin/run",
  "rm package.json && mkdir package.json && echo inside > package.json/a",
  "mv src/lib src/moved",
  "rm link && ln -s bin/run link",
  "ln bin/run bin/hard",
  "mkdir -m 1750 empty",
  "rm .git/objects/00/11",
  "cp src/main.js 'a name with  blanks'",
  "rm -r bin && echo file > bin",
  "touch -d 2001-01-01 src/main.js",
];

const idIn = (text: string): string => /cupel changes ([a-z2-9]{6})/.exec(text)?.[1] ?? "";

function layersOf(caller: Caller): string[] {
  const place = `${cupel.state(caller)}/layers`;
  return existsSync(place) ? readdirSync(place) : [];
}

describe.each(callers)("a copy-on-write workspace, called by $name", (caller) => {
  const run = (workspace: TempDir, script: string, ...flags: string[]) =>
    cupel.run(caller, ["run", "--workspace", "cow", ...flags, "--", "sh", "-ec", script], { cwd: workspace.path });

  test.each(doings)("keeps the host's tree as it is, and can be applied: %s", async (script) => {
    using workspace = filled(caller);
    using through = filled(caller);
    const before = readTreeExactly(workspace.path);
    const ran = await run(workspace, script);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "" });
    expect(readTreeExactly(workspace.path)).toEqual(before);
    const written = await cupel.run(caller, ["run", "--workspace", "rw", "--", "sh", "-ec", script], {
      cwd: through.path,
    });
    expect(written).toMatchObject({ code: 0, stderr: "" });
    if (idIn(ran.stderr) !== "") {
      const applied = await cupel.run(caller, ["apply", idIn(ran.stderr)]);
      expect(applied).toMatchObject({ code: 0, stderr: "" });
    }
    expect(readTree(workspace.path)).toEqual(readTree(through.path));
    expect(layersOf(caller)).toEqual([]);
  });

  test("all of that at once", async () => {
    using workspace = filled(caller);
    using through = filled(caller);
    const script = doings.join("\n");
    const ran = await run(workspace, script);
    await cupel.run(caller, ["run", "--workspace", "rw", "--", "sh", "-ec", script], { cwd: through.path });
    const applied = await cupel.run(caller, ["apply", idIn(ran.stderr)]);
    expect(applied).toMatchObject({ code: 0, stderr: "" });
    expect(readTree(workspace.path)).toEqual(readTree(through.path));
  });

  test("keeps nothing of a job that changed nothing", async () => {
    using workspace = filled(caller);
    const ran = await run(workspace, "cat src/main.js > /dev/null; touch src/main.js; echo x > y; rm y");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(layersOf(caller)).toEqual([]);
  });

  test("says what changed, and shows it", async () => {
    using workspace = filled(caller);
    const result = workspace.at("../" + `outcome-${caller.uid}-${process.pid}.json`);
    const ran = await run(workspace, "echo more >> src/main.js; rm package.json; echo 1 > new");
    const id = idIn(ran.stderr);
    expect(ran.stderr).toBe(
      `cupel: 1 path added, 1 modified and 1 deleted (21 bytes) in the workspace; see cupel changes ${id}, apply with cupel apply ${id}\n`,
    );
    const listed = await cupel.run(caller, ["changes"]);
    expect(listed.stdout).toContain(`${id} `);
    const shown = await cupel.run(caller, ["changes", id]);
    expect(shown.stdout.split("\n").slice(1)).toEqual([
      "A new (2 bytes)",
      "D package.json (13 bytes)",
      "M src/main.js (19 bytes)",
      "changes: 1 path added, 1 modified and 1 deleted (21 bytes)",
      "",
    ]);
    const diff = await cupel.run(caller, ["changes", id, "--diff"]);
    expect(diff.stdout).toBe(
      [
        "A new (2 bytes)",
        "--- /dev/null",
        "+++ b/new",
        "@@ -0,0 +1 @@",
        "+1",
        "D package.json (13 bytes)",
        "--- a/package.json",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        '-{"name":"a"}',
        "M src/main.js (19 bytes)",
        "--- a/src/main.js",
        "+++ b/src/main.js",
        "@@ -1,3 +1,4 @@",
        " one",
        " two",
        " three",
        "+more",
        "",
      ].join("\n"),
    );
    const json = JSON.parse((await cupel.run(caller, ["changes", id, "--json"])).stdout);
    expect(json).toMatchObject({ schema: 1, id, workspace: workspace.path, program: "sh" });
    expect(await cupel.run(caller, ["discard", id])).toMatchObject({ code: 0, stderr: "" });
    expect(layersOf(caller)).toEqual([]);
    expect(existsSync(result)).toBe(false);
  });

  test("is a copy where its own state cannot hold a layer, and then keeps the same", async () => {
    using workspace = filled(caller);
    workspace.file("mounted/file");
    const before = readTreeExactly(workspace.path);
    const script = doings.join("\n");
    const mounts = caller.uid === 0 ? "unshare -m" : "unshare -Urm";
    const command = `cd ${workspace.path}; ${mounts} sh -c 'mount -t tmpfs none mounted; exec "$CUPEL" run --workspace cow -- sh -ec "$SCRIPT"'`;
    const ran = await cupel.shell(caller, command, { env: { SCRIPT: script } });
    expect(idIn(ran.stderr)).not.toBe("");
    expect(readTreeExactly(workspace.path)).toEqual(before);
    const shown = await cupel.run(caller, ["changes", idIn(ran.stderr), "--json"]);
    const copied = JSON.parse(shown.stdout).changes as { path: string; change: string }[];
    const other = await run(workspace, script);
    const overlaid = JSON.parse((await cupel.run(caller, ["changes", idIn(other.stderr), "--json"])).stdout).changes;
    const essence = (changes: { path: string; change: string }[]): string[] =>
      changes.map(({ path, change }) => `${change} ${path}`).filter((line) => !line.includes("mounted"));
    expect(essence(copied)).toEqual(essence(overlaid));
    await cupel.run(caller, ["discard", idIn(ran.stderr), idIn(other.stderr)]);
  });

  test("leaves out what is ignored", async () => {
    using workspace = filled(caller);
    const ran = await run(
      workspace,
      "rm -r node_modules; echo 1 > a.o; echo 1 > src/b.o",
      "--ignore",
      "node_modules",
      "--ignore",
      "*.o",
    );
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(layersOf(caller)).toEqual([]);
  });

  test("is applied on success, and only then", async () => {
    using workspace = filled(caller);
    const failed = await run(workspace, "echo 1 > made; exit 3", "--apply", "on-success");
    expect(failed.code).toBe(3);
    expect(existsSync(workspace.at("made"))).toBe(false);
    await cupel.run(caller, ["discard", idIn(failed.stderr)]);
    const ran = await run(workspace, "echo 1 > made", "--apply", "on-success");
    expect(ran.stderr).toMatch(/^cupel: applied [a-z2-9]{6} to .*: 1 path added \(2 bytes\)\n$/);
    expect(readFileSync(workspace.at("made"), "utf8")).toBe("1\n");
    expect(layersOf(caller)).toEqual([]);
  });

  test("needs somebody to ask", async () => {
    using workspace = filled(caller);
    const ran = await run(workspace, "true", "--apply", "ask");
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toContain("--apply ask needs a terminal to ask at");
  });

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
    using workspace = filled(caller);
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

  test("refuses set-user-ID bits, which the sandbox gives no job", async () => {
    using workspace = filled(caller);
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
    using workspace = filled(caller);
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
    using workspace = filled(caller);
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
    using workspace = filled(caller);
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
    expect(layersOf(caller)).toEqual([]);
  });

  test("names are taken at their word: a protected one is applied when it is named", async () => {
    using workspace = filled(caller);
    const ran = await run(workspace, "echo x > .npmrc");
    const id = idIn(ran.stderr);
    expect(await cupel.run(caller, ["apply", id])).toMatchObject({ code: 1 });
    expect(await cupel.run(caller, ["apply", id, ".npmrc"])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(workspace.at(".npmrc"), "utf8")).toBe("x\n");
  });

  test("a job that takes every right from its own tree is kept, shown and removed", async () => {
    using workspace = filled(caller);
    const ran = await run(workspace, "mkdir -p z/y; echo 1 > z/y/x; chmod 000 z/y/x z/y z; chmod 000 .");
    const id = idIn(ran.stderr);
    const shown = await cupel.run(caller, ["changes", id]);
    expect(shown.stdout).toContain("A z/y/x (2 bytes)\n");
    expect(await cupel.run(caller, ["apply", id])).toMatchObject({ code: 0, stderr: "" });
    expect(layersOf(caller)).toEqual([]);
    await cupel.outside(caller, ["chmod", "-R", "u+rwX", workspace.path]);
  });

  test("a tree too deep to be said is not kept, but goes", async () => {
    using workspace = filled(caller);
    const script =
      "i=0; while [ $i -lt 60 ]; do n=$(printf '%0200d' 0); mkdir $n; cd -P $n 2>/dev/null || cd $n; i=$((i+1)); done";
    const ran = await run(workspace, script.replaceAll("cd -P $n 2>/dev/null || cd $n", "cd $n"));
    expect(ran.stderr).toContain("is lost, since it could not be read: a path in it has more than 3500 bytes");
    expect(layersOf(caller)).toEqual([]);
  });

  test("kill -9 leaves a layer that means nothing, and the next one takes it away", async () => {
    using workspace = filled(caller);
    const before = readTreeExactly(workspace.path);
    const running = cupel.start(caller, ["run", "--workspace", "cow", "--", "sh", "-c", "echo 1 > made; sleep 100"], {
      cwd: workspace.path,
    });
    const isMade = (): boolean =>
      layersOf(caller).some((name) => existsSync(`${cupel.state(caller)}/layers/${name}/upper/made`));
    await until("the job's file in its layer", isMade);
    running.kill("SIGKILL");
    await running.ended;
    expect(readTreeExactly(workspace.path)).toEqual(before);
    expect(layersOf(caller)).toEqual([expect.stringMatching(/^running-\d+-/)]);
    expect((await cupel.run(caller, ["changes"])).stdout).toBe("changes: nothing is kept\n");
    const ran = await run(workspace, "echo 2 > other");
    expect(layersOf(caller)).toEqual([idIn(ran.stderr)]);
    const cleaned = await cupel.run(caller, ["clean"]);
    expect(cleaned).toMatchObject({ code: 0, stderr: "" });
    expect(layersOf(caller)).toEqual([]);
  });

  test("cannot be the place where cupel keeps its state", async () => {
    using workspace = filled(caller);
    const ran = await cupel.run(caller, ["run", "--workspace", "cow", "--", "true"], {
      cwd: workspace.path,
      env: { XDG_STATE_HOME: workspace.at("state") },
    });
    expect(ran.code).toBe(125);
    expect(ran.stderr).toContain(`cannot be copy-on-write, since cupel keeps its own state in it`);
  });

  test("is nothing for a batch", async () => {
    const ran = await cupel.run(caller, ["run", "--workspace", "cow", "--batch", "-"], { stdin: "" });
    expect(ran).toMatchObject({ code: 125 });
    expect(ran.stderr).toContain("--workspace cow and --batch do not go together");
  });
});

describe.each(rootCallers)("called by root, in another's directory,", (caller) => {
  test("what is applied belongs to whom the directory belongs", async () => {
    using workspace = filled(ordinaryCaller);
    const ran = await cupel.run(
      caller,
      ["run", "--workspace", "cow", "--", "sh", "-c", "echo 1 > made; echo 2 >> src/main.js; mkdir d"],
      {
        cwd: workspace.path,
      },
    );
    expect(await cupel.run(caller, ["apply", idIn(ran.stderr)])).toMatchObject({ code: 0, stderr: "" });
    const { uid, gid } = ordinaryCaller;
    const others = readTree(workspace.path).filter(
      (line) => !line.includes(` ${uid}:${gid} `) && !line.startsWith("link "),
    );
    expect(others).toEqual([]);
  });

  test("a file that is neither's cannot be changed, and nothing is lost by that", async () => {
    using workspace = filled(ordinaryCaller);
    workspace.file("theirs", "theirs\n", 0o666);
    chownSync(workspace.at("theirs"), 4242, 4242);
    chmodSync(workspace.at("theirs"), 0o666);
    const ran = await cupel.run(caller, ["run", "--workspace", "cow", "--", "sh", "-c", "echo 1 >> theirs"], {
      cwd: workspace.path,
    });
    expect(ran.code).not.toBe(0);
    expect(readFileSync(workspace.at("theirs"), "utf8")).toBe("theirs\n");
    expect(layersOf(caller)).toEqual([]);
  });
});
