/** Copy-on-write workspaces: the host's tree stays as it is, and what is applied is what the job did, no more. */
import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, readFileSync } from "node:fs";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel } from "../support/run-cli.ts";
import { filledWorkspace, idIn, usualDoings } from "../support/filled-workspace.ts";
import type { TempDir } from "../support/temp-dir.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";
import { readTree, readTreeExactly } from "../support/tree.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
/** What others keep in places that several users share is not cleaned. */
const apart = usePrivatePlaces();

/** Everything that a job may do to a tree, but what is refused. */
const doings = [
  ...usualDoings,
  "echo new > src/new.js",
  "chmod 700 bin/run",
  "ln bin/run bin/hard",
  "rm .git/objects/00/11",
  "cp src/main.js 'a name with  blanks'",
  "rm -r bin && echo file > bin",
  "touch -d 2001-01-01 src/main.js",
];

describe.each(callers)("a copy-on-write workspace, called by $name", (caller) => {
  const run = (workspace: TempDir, script: string, ...flags: string[]) =>
    cupel.run(caller, ["run", "--workspace", "cow", ...flags, "--", "sh", "-ec", script], { cwd: workspace.path });

  test.each(doings)("keeps the host's tree as it is, and can be applied: %s", async (script) => {
    using workspace = filledWorkspace(caller);
    using through = filledWorkspace(caller);
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
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("all of that at once", async () => {
    using workspace = filledWorkspace(caller);
    using through = filledWorkspace(caller);
    const script = doings.join("\n");
    const ran = await run(workspace, script);
    await cupel.run(caller, ["run", "--workspace", "rw", "--", "sh", "-ec", script], { cwd: through.path });
    const applied = await cupel.run(caller, ["apply", idIn(ran.stderr)]);
    expect(applied).toMatchObject({ code: 0, stderr: "" });
    expect(readTree(workspace.path)).toEqual(readTree(through.path));
  });

  test("keeps nothing of a job that changed nothing", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "cat src/main.js > /dev/null; touch src/main.js; echo x > y; rm y");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("says what changed, and shows it", async () => {
    using workspace = filledWorkspace(caller);
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
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("is a copy where its own state cannot hold a layer, and then keeps the same", async () => {
    using workspace = filledWorkspace(caller);
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
    using workspace = filledWorkspace(caller);
    const ran = await run(
      workspace,
      "rm -r node_modules; echo 1 > a.o; echo 1 > src/b.o",
      "--ignore",
      "node_modules",
      "--ignore",
      "*.o",
    );
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("is applied on success, and only then", async () => {
    using workspace = filledWorkspace(caller);
    const failed = await run(workspace, "echo 1 > made; exit 3", "--apply", "on-success");
    expect(failed.code).toBe(3);
    expect(existsSync(workspace.at("made"))).toBe(false);
    await cupel.run(caller, ["discard", idIn(failed.stderr)]);
    const ran = await run(workspace, "echo 1 > made", "--apply", "on-success");
    expect(ran.stderr).toMatch(/^cupel: applied [a-z2-9]{6} to .*: 1 path added \(2 bytes\)\n$/);
    expect(readFileSync(workspace.at("made"), "utf8")).toBe("1\n");
    expect(cupel.layers(caller)).toEqual([]);
  });

  test.each([
    ["y", "cupel: applied ", true],
    ["n", "in the workspace; see cupel changes", false],
  ])("is applied where the one at the terminal says so: %s", async (answer, said, isApplied) => {
    using workspace = filledWorkspace(caller);
    const words = [cupel.path, "run", "--apply", "ask", "--", "sh", "-c", "echo 1 > made"];
    await using session = openTerminal([...caller.prefix, ...words], {
      cwd: workspace.path,
      env: cupel.environment(caller),
      columns: 400,
    });
    await session.shows(`Apply 1 path added (2 bytes) to ${workspace.path}? [y/N] `);
    session.type(`${answer}\r`);
    await session.shows(said);
    expect(await session.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(workspace.at("made"))).toBe(isApplied);
    if (!isApplied) await cupel.run(caller, ["discard", idIn(session.text())]);
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("needs somebody to ask", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "true", "--apply", "ask");
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toContain("--apply ask needs a terminal to ask at");
  });

  test("a job that takes every right from its own tree is kept, shown and removed", async () => {
    using workspace = filledWorkspace(caller);
    const ran = await run(workspace, "mkdir -p z/y; echo 1 > z/y/x; chmod 000 z/y/x z/y z; chmod 000 .");
    const id = idIn(ran.stderr);
    const shown = await cupel.run(caller, ["changes", id]);
    expect(shown.stdout).toContain("A z/y/x (2 bytes)\n");
    expect(await cupel.run(caller, ["apply", id])).toMatchObject({ code: 0, stderr: "" });
    expect(cupel.layers(caller)).toEqual([]);
    await cupel.outside(caller, ["chmod", "-R", "u+rwX", workspace.path]);
  });

  test("a tree too deep to be said is not kept, but goes", async () => {
    using workspace = filledWorkspace(caller);
    const script =
      "i=0; while [ $i -lt 60 ]; do n=$(printf '%0200d' 0); mkdir $n; cd -P $n 2>/dev/null || cd $n; i=$((i+1)); done";
    const ran = await run(workspace, script.replaceAll("cd -P $n 2>/dev/null || cd $n", "cd $n"));
    expect(ran.stderr).toContain("is lost: a path in it has more than 3500 bytes");
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("kill -9 leaves a layer that means nothing, and the next one takes it away", async () => {
    using workspace = filledWorkspace(caller);
    const before = readTreeExactly(workspace.path);
    const running = cupel.start(caller, ["run", "--workspace", "cow", "--", "sh", "-c", "echo 1 > made; sleep 100"], {
      cwd: workspace.path,
    });
    const isMade = (): boolean =>
      cupel.layers(caller).some((name) => existsSync(`${cupel.state(caller)}/layers/${name}/upper/made`));
    await until("the job's file in its layer", isMade);
    running.kill("SIGKILL");
    await running.ended;
    expect(readTreeExactly(workspace.path)).toEqual(before);
    expect(cupel.layers(caller)).toEqual([expect.stringMatching(/^running-\d+-/)]);
    expect((await cupel.run(caller, ["changes"])).stdout).toBe("changes: nothing is kept\n");
    const ran = await run(workspace, "echo 2 > other");
    expect(cupel.layers(caller)).toEqual([idIn(ran.stderr)]);
    const cleaned = await cupel.run(apart(caller, "/"), ["clean"]);
    expect(cleaned).toMatchObject({ code: 0, stderr: "" });
    expect(cupel.layers(caller)).toEqual([]);
  });

  test("cannot be the place where cupel keeps its state", async () => {
    using workspace = filledWorkspace(caller);
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
    using workspace = filledWorkspace(ordinaryCaller);
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
    using workspace = filledWorkspace(ordinaryCaller);
    workspace.file("theirs", "theirs\n", 0o666);
    chownSync(workspace.at("theirs"), 4242, 4242);
    chmodSync(workspace.at("theirs"), 0o666);
    const ran = await cupel.run(caller, ["run", "--workspace", "cow", "--", "sh", "-c", "echo 1 >> theirs"], {
      cwd: workspace.path,
    });
    expect(ran.code).not.toBe(0);
    expect(readFileSync(workspace.at("theirs"), "utf8")).toBe("theirs\n");
    expect(cupel.layers(caller)).toEqual([]);
  });
});
