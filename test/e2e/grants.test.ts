/** What the caller grants beside the workspace: paths, tools, variables. */
import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync, symlinkSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

describe.each(callers)("paths, called by $name", (caller) => {
  test("granted to be read can be read and not changed; granted to be written, both", async () => {
    using granted = makeTempDir({ owner: caller, parent: caller.home });
    const file = granted.file("file", "content", 0o600);
    const script = `cat ${file}; echo changed > ${file}; echo made > ${granted.path}/made`;
    const none = await cupel.run(caller, ["run", "--", "sh", "-c", script]);
    expect(none).toMatchObject({ stdout: "" });
    const read = await cupel.run(caller, ["run", "--read", granted.path, "--", "sh", "-c", script]);
    expect(read).toMatchObject({ stdout: "content", stderr: expect.stringContaining("Read-only file system") });
    expect(readFileSync(file, "utf8")).toBe("content");
    const write = await cupel.run(caller, ["run", "--write", granted.path, "--", "sh", "-c", script]);
    expect(write).toMatchObject({ code: 0, stdout: "content", stderr: "" });
    expect([readFileSync(file, "utf8"), readdirSync(granted.path).sort()]).toEqual(["changed\n", ["file", "made"]]);
  });

  test("below /tmp are granted without what lies beside them", async () => {
    using granted = makeTempDir({ owner: caller, parent: "/tmp" });
    using beside = makeTempDir({ owner: caller, parent: "/tmp" });
    granted.file("file", "content");
    const ran = await cupel.run(caller, [
      "run",
      "--read",
      granted.path,
      "--",
      "sh",
      "-c",
      `cat ${granted.path}/file; ls -d ${beside.path}`,
    ]);
    expect(ran).toMatchObject({ stdout: "content", stderr: expect.stringContaining("No such file") });
  });

  test("may be single files, relative, symlinks, and named twice", async () => {
    using workspace = makeTempDir({ owner: caller });
    using elsewhere = makeTempDir({ owner: caller });
    const target = elsewhere.file("target", "content");
    elsewhere.file("secret", "secret");
    symlinkSync(target, workspace.at("link"));
    const options = { cwd: workspace.path };
    const script = `cat link; ls ${elsewhere.path}`;
    const dangling = await cupel.run(caller, ["run", "--", "sh", "-c", script], options);
    expect(dangling.stdout).toBe("");
    const ran = await cupel.run(caller, ["run", "--read", "link", "--read", target, "--", "sh", "-c", script], options);
    expect(ran).toMatchObject({ code: 0, stdout: "contenttarget\n" });
  });

  test("inside each other: the narrower grant decides", async () => {
    using base = makeTempDir({ owner: caller });
    base.file("outer/inner/file", "content");
    const script = `echo x > ${base.path}/outer/inner/file && echo inner; echo x > ${base.path}/outer/file && echo outer; exit 0`;
    const flags = ["--read", base.at("outer"), "--write", base.at("outer/inner")];
    const ran = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", script]);
    expect(ran.stdout).toBe("inner\n");
    const workspace = await cupel.run(
      caller,
      ["run", "--workspace", "ro", "--write", "inner", "--", "sh", "-c", script],
      { cwd: base.at("outer") },
    );
    expect(workspace.stdout).toBe("inner\n");
  });

  test("of the system that are shown anyway change nothing", async () => {
    const ran = await cupel.run(caller, [
      "run",
      "--read",
      "/usr",
      "--read",
      "/etc/ssl",
      "--",
      "sh",
      "-c",
      "ls /usr/bin/env",
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: "/usr/bin/env\n", stderr: "" });
  });

  test("with a symlink that leads out do not lead out", async () => {
    using granted = makeTempDir({ owner: caller });
    using secret = makeTempDir({ owner: caller });
    const file = secret.file("secret", "secret", 0o666);
    symlinkSync(secret.path, granted.at("out"));
    symlinkSync(file, granted.at("file"));
    const script = `cd ${granted.path}; cat out/secret file; echo x > file; exit 0`;
    const ran = await cupel.run(caller, ["run", "--write", granted.path, "--", "sh", "-c", script]);
    expect(ran.stdout).toBe("");
    expect(readFileSync(file, "utf8")).toBe("secret");
    expect((await cupel.outside(caller, ["sh", "-c", `cat ${granted.path}/out/secret`])).stdout).toBe("secret");
  });
});

describe.each(callers)("--tools, called by $name", (caller) => {
  test("makes a toolchain below a home directory usable, read-only, and nothing else of it", async () => {
    using home = makeTempDir({ owner: caller, parent: caller.home });
    home.file("tc/lib/prog.sh", '#!/bin/sh\n. "$(dirname "$(readlink -f "$0")")/part.sh"\n', 0o755);
    home.file("tc/lib/part.sh", "echo made of parts\n");
    home.folder("tc/bin");
    symlinkSync("../lib/prog.sh", home.at("tc/bin/prog"));
    home.file("secret", "secret");
    const env = { HOME: home.path, PATH: `${home.at("tc/bin")}:/usr/bin:/bin` };
    const without = await cupel.run(caller, ["run", "--", "prog"], { env });
    expect(without).toMatchObject({ code: 127, stderr: expect.stringContaining(home.at("tc/bin/prog")) });
    expect(await cupel.run(caller, ["run", "--tools", "--", "prog"], { env })).toMatchObject({
      code: 0,
      stdout: "made of parts\n",
    });
    const script = `ls ${home.path}; cat ${home.at("secret")}; echo x > ${home.at("tc/lib/part.sh")}; exit 0`;
    const looked = await cupel.run(caller, ["run", "--tools", "--", "sh", "-c", script], { env });
    expect(looked.stdout).toBe("tc\n");
    expect(looked.stderr).toContain("Read-only file system");
  });

  test("never takes a home directory that stands in PATH", async () => {
    using home = makeTempDir({ owner: caller });
    home.file("secret", "secret");
    const env = { HOME: home.path, PATH: `${home.path}:/usr/bin:/bin:relative:` };
    const ran = await cupel.run(caller, ["run", "--tools", "--", "ls", home.path], { env });
    expect(ran).toMatchObject({ stdout: "", stderr: expect.stringContaining("No such file") });
  });
});

describe.each(callers)("variables, called by $name", (caller) => {
  test("are set, passed on, and nothing else", async () => {
    const flags = ["--env", "SET=a value=with=more", "--env", "PASSED", "--env", "NOT_THERE", "--env", "EMPTY="];
    const ran = await cupel.run(caller, ["run", ...flags, "--", "env"], {
      env: { PASSED: "the caller's", OTHER: "not declared" },
    });
    const lines = ran.stdout.trimEnd().split("\n");
    expect(lines).toEqual(expect.arrayContaining(["SET=a value=with=more", "PASSED=the caller's", "EMPTY="]));
    expect(ran.stdout).not.toMatch(/NOT_THERE|OTHER|CUPEL|XDG/);
  });

  test("may replace what every job has", async () => {
    const ran = await cupel.run(
      caller,
      ["run", "--env", "HOME=/tmp", "--env", "LANG", "--", "sh", "-c", "echo $HOME $LANG"],
      { env: { LANG: "de_DE" } },
    );
    expect(ran.stdout).toBe("/tmp de_DE\n");
  });

  test("do not show in the command line of any process", async () => {
    const secret = `canary-${crypto.randomUUID()}`;
    const script = "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $file; done 2>/dev/null";
    await using running = cupel.start(caller, ["run", "--env", "SECRET", "--", "sh", "-c", "echo ready; sleep 1000"], {
      env: { SECRET: secret },
    });
    await running.wrote("ready");
    expect((await cupel.shell(caller, script)).stdout).not.toContain(secret);
  });
});
