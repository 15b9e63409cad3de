/** A project's cupel.yaml: it tightens what jobs may do, and grants nothing until `cupel trust` has recorded it. */
import { describe, expect, test } from "bun:test";
import { existsSync, symlinkSync } from "node:fs";
import type { Ran } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

function call(caller: Caller, directory: TempDir, ...words: readonly string[]): Promise<Ran> {
  const env = { XDG_STATE_HOME: directory.folder("state", 0o700), XDG_CONFIG_HOME: directory.at("config") };
  return cupel.run(caller, words, { cwd: directory.folder("project"), env });
}

const printed = ["run", "--", "sh", "-c", 'echo "$A"; grep -c : /proc/net/dev'];
const wishes = "env:\n  set: {A: asked}\nlimits: {pids: 100}\n";

describe.each(callers)("a project's cupel.yaml, called by $name", (caller) => {
  test("grants nothing until it is trusted, and one line says so", async () => {
    using directory = makeTempDir({ owner: caller });
    // The report is saved, so that nothing is said of one that others saved elsewhere.
    await call(caller, directory, "run", "--", "true");
    const path = directory.file("project/cupel.yaml", wishes);
    const line = `cupel: left out, since a project that is not trusted can only ask for less: ${path}:2:12 env.set A; cupel trust shows it all and allows it\n`;
    expect(await call(caller, directory, ...printed)).toEqual({ code: 0, signal: null, stdout: "\n1\n", stderr: line });

    const shown = await call(caller, directory, "trust", "--show");
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toContain("env.set A=asked");
    expect(shown.stdout).toContain("It is not trusted");
    expect((await call(caller, directory, ...printed)).stdout).toBe("\n1\n");

    expect((await call(caller, directory, "trust")).stdout).toContain("It is trusted, until the file changes.");
    expect(await call(caller, directory, ...printed)).toEqual({
      code: 0,
      signal: null,
      stdout: "asked\n1\n",
      stderr: "",
    });
    expect((await call(caller, directory, "trust", "--list")).stdout).toContain(path);

    directory.file("project/cupel.yaml", `${wishes}# changed\n`);
    expect(await call(caller, directory, ...printed)).toEqual({ code: 0, signal: null, stdout: "\n1\n", stderr: line });
    expect((await call(caller, directory, "trust", "--list")).stdout.replaceAll(/\s+/g, " ")).toContain(
      "changed since",
    );
    directory.file("project/cupel.yaml", wishes);
    expect((await call(caller, directory, ...printed)).stdout).toBe("asked\n1\n");

    expect(await call(caller, directory, "trust", "--revoke")).toMatchObject({
      stdout: `${path} is trusted no more\n`,
    });
    expect(await call(caller, directory, ...printed)).toMatchObject({ stdout: "\n1\n", stderr: line });
  });

  test("tightens without being trusted", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file(
      "project/cupel.yaml",
      "network: {mode: no-sockets}\nworkspace: {mode: none}\nlimits: {timeout: 1s}\n",
    );
    directory.file("project/file");
    const ran = await call(caller, directory, "run", "--", "sh", "-c", "ls; exec sleep 60");
    expect(ran).toMatchObject({ code: 124, stdout: "" });
    directory.file("project/cupel.yaml", "require: {guarantees: [net.allowlist]}\n");
    expect((await call(caller, directory, "run", "--", "true")).code).toBe(125);
    expect(await call(caller, directory, "run", "--accept-missing", "net.allowlist", "--", "true")).toMatchObject({
      code: 0,
    });
  });

  test("never lets the workspace be written, nor the host's network be reached", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file(
      "project/cupel.yaml",
      "workspace: {mode: rw}\nnetwork: {mode: host}\nminimum: {accept_missing: [all]}\nselection: {strategy: process}\n",
    );
    const ran = await call(
      caller,
      directory,
      "run",
      "--",
      "sh",
      "-c",
      "touch made; ls /proc/self/ns >/dev/null; tail -n +3 /proc/net/dev | wc -l",
    );
    expect(ran).toMatchObject({ code: 0, stdout: "1\n" });
    expect(existsSync(directory.at("project/made"))).toBe(false);
    for (const field of [
      "workspace.mode rw",
      "network.mode host",
      "minimum.accept_missing all",
      "selection.strategy process",
    ]) {
      expect(ran.stderr).toContain(field);
    }
  });

  test("that is wrong lets nothing run", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("project/cupel.yaml", "limits: {timout: 5m}\n");
    const ran = await call(caller, directory, "run", "--", "echo", "ran");
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toMatch(
      /^cupel: [^\n]+\/cupel\.yaml:1:10: there is no field "timout" here, did you mean timeout\?\n$/,
    );
    directory.folder("other/.git");
    symlinkSync("/dev/zero", directory.at("other/cupel.yaml"));
    for (const [verb, code] of [
      [["run", "--", "echo", "ran"], 125],
      [["check"], 64],
      [["trust"], 64],
    ] as const) {
      const zero = await cupel.run(caller, verb, { cwd: directory.at("other") });
      expect(zero).toMatchObject({ code, stdout: "" });
      expect(zero.stderr).toMatch(/^cupel: [^\n]*cupel\.yaml is a symlink; put the file itself there\n$/);
    }
  });

  test("cannot be trusted by what the job does, and the user's configuration is out of a job's reach", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("project/cupel.yaml", wishes);
    const cheat = `exec "${cupel.path}" trust`;
    expect((await call(caller, directory, "run", "--read", cupel.path, "--", "sh", "-c", cheat)).code).not.toBe(127);
    expect((await call(caller, directory, ...printed)).stdout).toBe("\n1\n");
    const refused = await call(caller, directory, "run", "--write", directory.folder("config"), "--", "true");
    expect(refused).toMatchObject({ code: 125, stdout: "" });
    expect(refused.stderr).toMatch(
      /\ncupel: [^\n]+\/config cannot be written by a job, since your configuration of cupel lies there [^\n]+\n$/,
    );
    const below = await call(caller, directory, "run", "--write", directory.folder("config/cupel"), "--", "true");
    expect(below.code).toBe(125);
  });

  test.each([
    [["trust"], "there is no cupel.yaml that a job here would find; name one"],
    [["trust", "job.yaml"], "job.yaml is not called cupel.yaml, so no job finds it and it needs no trust"],
    [["trust", "--show", "--revoke"], "--show and --revoke do not go together; leave one out"],
    [["trust", "--list", "."], '--list shows all that is trusted; leave "." out'],
    [["trust", "nowhere/cupel.yaml"], /nowhere\/cupel\.yaml does not exist; /],
  ] satisfies [string[], string | RegExp][])("%j", async (words, message) => {
    using directory = makeTempDir({ owner: caller });
    const ran = await call(caller, directory, ...words);
    expect(ran).toMatchObject({ code: 64, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
    if (typeof message === "string") expect(ran.stderr).toBe(`cupel: ${message}\n`);
    else expect(ran.stderr).toMatch(message);
  });

  test("that asks for nothing more needs no trust, and is trusted all the same when that is asked", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.file("project/cupel.yaml", "limits: {timeout: 5m}\n");
    const nothing = `${path} asks for nothing that needs trust.\n`;
    expect(await call(caller, directory, "trust", "--show", ".")).toMatchObject({ code: 0, stdout: nothing });
    expect((await call(caller, directory, "trust", "--list")).stdout).not.toContain(path);
    expect(await call(caller, directory, "trust", ".")).toMatchObject({
      code: 0,
      stdout: `${nothing}It is trusted, until the file changes.\n`,
    });
    expect((await call(caller, directory, "trust", "--list")).stdout).toContain(path);
  });

  test("that grants what a link in the project leads to is not trusted", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("project/cupel.yaml", "filesystem: {read: {allow: [link]}}\n");
    symlinkSync("/usr/share", directory.at("project/link"));
    const ran = await call(caller, directory, "trust");
    expect(ran).toMatchObject({ code: 64, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]+ leads through a link in the project to \/usr\/share, [^\n]+\n$/);
    expect((await call(caller, directory, "trust", "--list")).stdout).not.toContain(directory.path);
    expect(await call(caller, directory, "run", "--", "true")).toMatchObject({ code: 0 });
  });

  test("serves check as before, whatever else it says", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("project/cupel.yaml", "require: {guarantees: [net.none]}\nlimits: {timeout: 5m}\n");
    expect((await call(caller, directory, "check")).stdout).toContain("check: passed: 1 demand holds");
    directory.file("project/cupel.yaml", "limits: {timeout: 5m}\n");
    expect((await call(caller, directory, "check")).stdout).toMatch(/check: passed: \d\d demands hold/);
    directory.file("project/job.yaml", "command: [a]\n");
    const ran = await call(caller, directory, "check", "--job", "job.yaml", "--json");
    expect(ran.stdout).toContain('"limit.time"');
  });
});

describe("trust", () => {
  needs(rootCallers.length > 0, "not root, who alone can be compared with an ordinary user")(
    "of one user is not another's",
    async () => {
      using directory = makeTempDir({ owner: ordinaryCaller });
      directory.file("project/cupel.yaml", wishes);
      expect((await call(ordinaryCaller, directory, "trust")).code).toBe(0);
      expect((await call(ordinaryCaller, directory, ...printed)).stdout).toBe("asked\n1\n");
      for (const root of rootCallers) expect((await call(root, directory, ...printed)).stdout).toBe("\n1\n");
    },
  );
});
