/** `cupel shell`: somebody types into a shell in the sandbox. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { openTerminal, type TerminalSession } from "../support/terminal.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();

function openShell(
  caller: Caller,
  words: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = { SHELL: "/bin/bash" },
): TerminalSession {
  const env = { ...cupel.environment(caller), ...variables };
  return openTerminal([...caller.prefix, cupel.path, "shell", ...words], { cwd, env });
}

describe.each(callers)("a shell, called by $name,", (caller) => {
  test("says where one is, gives its own exit code, and what it changed is kept apart", async () => {
    using workspace: TempDir = makeTempDir({ owner: caller });
    await using session = openShell(caller, [], workspace.path);
    await session.shows("(cupel)");
    session.type('echo "<$CUPEL>" "<$0>" "<$(tty)>" "<$(id -un)>"\r');
    await session.shows("<1> </bin/bash> </dev/pts/0> <job>");
    session.type("echo made >file; exit 3\r");
    expect(await session.ended).toEqual({ code: 3, signal: null });
    expect(session.text()).toMatch(/cupel: 1 path added \(5 bytes\) in the workspace; see cupel changes /);
    expect(readdirSync(workspace.path)).toEqual([]);
  });

  test("has the policy of a job file, and not its command", async () => {
    using workspace: TempDir = makeTempDir({ owner: caller });
    workspace.file("job.yaml", "command: ['false']\nworkspace: {mode: ro}\nenv: {set: {STATED: here}}\n");
    await using session = openShell(caller, ["job.yaml"], workspace.path);
    session.type('echo "<$STATED>"; touch file; exit\r');
    await session.shows("<here>");
    expect(await session.ended).toEqual({ code: 1, signal: null });
    expect(session.text()).toContain("Read-only file system");
  });
});

describe("the shell", () => {
  test.each([
    ["is the caller's own", "/bin/sh", "/bin/sh"],
    ["is bash where the sandbox has not that", "/home/nobody/shell", "/bin/bash"],
    ["is bash where that is no path", "rc", "/bin/bash"],
  ])("%s", async (_name, own, expected) => {
    const workspace = cupel.workspace(ordinaryCaller);
    await using session = openShell(ordinaryCaller, ["--quiet"], workspace, { SHELL: own });
    session.type('echo "<$0>"; readlink /proc/$$/exe; exit\r');
    await session.shows(`<${expected}>`);
    expect(await session.ended).toEqual({ code: 0, signal: null });
  });

  test("has the prompt that is stated", async () => {
    const flags = ["--quiet", "--env", "PS1=stated> "];
    await using session = openShell(ordinaryCaller, flags, cupel.workspace(ordinaryCaller), { SHELL: "/bin/sh" });
    await session.shows("stated> ");
    session.type("exit\r");
    expect(await session.ended).toEqual({ code: 0, signal: null });
  });
});

test.each([
  [[], "cupel shell needs a terminal, and standard input is not one; give commands to cupel run instead"],
  [["bash"], 'cupel shell starts your shell and takes no command, such as "bash"; give that to cupel run'],
  [["--batch", "jobs"], "cupel shell has no flag --batch; see cupel shell --help"],
])("%p is refused in one sentence", async (words, sentence) => {
  const ran = await cupel.run(ordinaryCaller, ["shell", ...words], { stdin: "" });
  expect(ran).toEqual({ code: 125, signal: null, stdout: "", stderr: `cupel: ${sentence}\n` });
});
