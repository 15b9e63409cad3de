/** Exit codes are API: each one, exactly, and what is said beside it. */
import { describe, expect, test } from "bun:test";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

describe.each(callers)("exit codes, called by $name", (caller) => {
  test.each([
    ["0", "exit 0", 0],
    ["1", "exit 1", 1],
    ["42", "exit 42", 42],
    ["124, which cupel uses too", "exit 124", 124],
    ["125, which cupel uses too", "exit 125", 125],
    ["255", "exit 255", 255],
    ["SIGTERM by its own hand", "kill -TERM $$", 143],
    ["SIGKILL by its own hand", "kill -KILL $$", 137],
    ["SIGABRT", "kill -ABRT $$", 134],
    ["SIGHUP", "kill -HUP $$", 129],
    ["SIGINT", "kill -INT $$", 130],
    ["SIGPIPE", "kill -PIPE $$", 141],
  ])("the job's own: %s", async (_name, script, code) => {
    expect(await cupel.run(caller, ["run", "--", "sh", "-c", script])).toEqual({
      code,
      signal: null,
      stdout: "",
      stderr: "",
    });
  });

  test("abort(3) is 134", async () => {
    expect(await cupel.run(caller, ["run", "--", "perl", "-e", "use POSIX; POSIX::abort()"])).toMatchObject({
      code: 134,
      stderr: "",
    });
  });

  test("a command without -- is taken as it is", async () => {
    expect(await cupel.run(caller, ["run", "sh", "-c", "exit 3"])).toMatchObject({ code: 3 });
    expect(await cupel.run(caller, ["run", "sh", "-c", 'echo "$0"', "--timeout"])).toMatchObject({
      code: 0,
      stdout: "--timeout\n",
    });
  });

  test("a program that is nowhere: 127", async () => {
    const ran = await cupel.run(caller, ["run", "--", "cupel-no-such-program"]);
    expect(ran).toEqual({
      code: 127,
      signal: null,
      stdout: "",
      stderr: "cupel: cupel-no-such-program: command not found\n",
    });
    expect(await cupel.run(caller, ["run", "--", "/nowhere/at/all"])).toMatchObject({
      code: 127,
      stderr: "cupel: /nowhere/at/all: command not found\n",
    });
    expect(await cupel.run(caller, ["run", "--", "/etc/passwd/below-a-file"])).toMatchObject({ code: 127 });
  });

  test("a program that was merely not granted: 127, and where it is and which flag grants it", async () => {
    using home = makeTempDir({ owner: caller, parent: caller.home });
    const program = home.file("bin/cupel-canary-tool", "#!/bin/sh\necho from the tool\n", 0o755);
    const directory = home.at("bin");
    const env = { PATH: `/usr/bin:/bin:${directory}` };
    const byName = await cupel.run(caller, ["run", "--", "cupel-canary-tool"], { env });
    expect(byName).toEqual({
      code: 127,
      signal: null,
      stdout: "",
      stderr: `cupel: cupel-canary-tool: not found in the sandbox; it is at ${program}, which is not granted; add --tools (or --read ${directory})\n`,
    });
    expect(await cupel.run(caller, ["run", "--tools", "--", "cupel-canary-tool"], { env })).toMatchObject({
      code: 0,
      stdout: "from the tool\n",
    });
    const byPath = await cupel.run(caller, ["run", "--", program], { env });
    expect(byPath).toMatchObject({ code: 127, stderr: expect.stringContaining(`add --read ${directory}`) });
    expect(await cupel.run(caller, ["run", "--read", directory, "--", program], { env })).toMatchObject({ code: 0 });
  });

  test("a file that is no program: 126", async () => {
    const workspace = makeTempDir({ owner: caller });
    using _workspace = workspace;
    workspace.file("plain", "text", 0o644);
    workspace.folder("folder");
    workspace.file("binary", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]), 0o755);
    const run = (program: string) => cupel.run(caller, ["run", "--", program], { cwd: workspace.path });
    expect(await run("./plain")).toEqual({
      code: 126,
      signal: null,
      stdout: "",
      stderr: "cupel: ./plain: cannot be executed (EACCES)\n",
    });
    expect(await run("./folder")).toMatchObject({
      code: 126,
      stderr: "cupel: ./folder: cannot be executed (EACCES)\n",
    });
    expect(await run("./binary")).toMatchObject({
      code: 126,
      stderr: "cupel: ./binary: cannot be executed (ENOEXEC)\n",
    });
  });

  test("a script whose interpreter is missing: 127, and that it is the interpreter", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("script", "#!/nowhere/interpreter\n", 0o755);
    const ran = await cupel.run(caller, ["run", "--", "./script"], { cwd: workspace.path });
    expect(ran.code).toBe(127);
    expect(ran.stderr).toContain("interpreter");
    expect(ran.stderr).not.toContain("not granted");
    expect(ran.stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

/** Children that a simple kill would miss. */
const stubborn = {
  "ignores SIGTERM": "trap '' TERM; while :; do sleep 1; done",
  "has stopped itself": "kill -STOP $$; sleep 1000",
  "has children in sessions of their own":
    "setsid sleep 1000 & (setsid sh -c 'sleep 1000 & exec sleep 1000' &) & sleep 1000",
  "has stopped children": "sleep 1000 & kill -STOP $!; wait",
};

describe.each(callers)("timeouts, called by $name", (caller) => {
  test.each(Object.entries(stubborn))("a job that %s: 124, and one line", async (_name, script) => {
    const ran = await cupel.run(caller, ["run", "--timeout", "200ms", "--grace", "100ms", "--", "sh", "-c", script]);
    expect(ran).toEqual({
      code: 124,
      signal: null,
      stdout: "",
      stderr: "cupel: the job was ended after 0.2 s, its time limit\n",
    });
  });

  test("a job that ends well on SIGTERM has still run out of time", async () => {
    const script = "trap 'echo tidied; exit 0' TERM; sleep 1000 & wait";
    const ran = await cupel.run(caller, ["run", "--timeout", "200ms", "--", "sh", "-c", script]);
    expect(ran).toMatchObject({ code: 124, stdout: "tidied\n" });
  });

  test("a job that is done in time keeps its code", async () => {
    expect(await cupel.run(caller, ["run", "--timeout", "1h", "--", "sh", "-c", "exit 5"])).toMatchObject({
      code: 5,
      stderr: "",
    });
  });
});

describe.each(callers)("cupel's own failures, called by $name", (caller) => {
  test("what nothing here keeps is refused: 125", async () => {
    const ran = await cupel.run(caller, ["run", "--require", "net.allowlist", "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr).toStartWith("cupel: refused: ");
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("net.allowlist");
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("--accept-missing net.allowlist");
  });

  test.each([
    ["run", ["run", "--no-such-flag", "--", "true"], 125],
    ["plan", ["plan", "--no-such-flag", "--", "true"], 125],
    ["doctor", ["doctor", "--no-such-flag"], 64],
    ["version", ["version", "--no-such-flag"], 64],
    ["self-test", ["self-test", "--no-such-flag"], 64],
    ["upgrade", ["upgrade", "--no-such-flag"], 64],
    ["clean", ["clean", "--no-such-flag"], 64],
    ["completion", ["completion", "--no-such-flag"], 64],
    ["an unknown command", ["no-such-command"], 64],
  ])("a wrong flag: %s", async (_name, words, code) => {
    const ran = await cupel.run(caller, words);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: .+\n$/);
    expect(ran.stderr.split("\n")).toHaveLength(2);
  });
});
