/** What calls `cupel bwrap`, and what it is called by. */
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { askBubblewrap, installFront } from "../support/bubblewrap-front.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const front = installFront();
const named = makeTempDir();
afterAll(() => named[Symbol.dispose]());
/** cupel's executable under bubblewrap's name. */
symlinkSync(cupel.path, named.at("bwrap"));

const whole = "--ro-bind / /";

describe.each(callers)("by cupel's executable, called by $name", (caller) => {
  const direct = { command: `${cupel.path} bwrap`, name: named.at("bwrap") };

  test.each(Object.entries(direct))("as %s, it is the same program, with all that it was given", async (_, program) => {
    const script = `ulimit -Sn 1000; export X=$'v\\xfe'; printf -- '--setenv\\0A\\0b' | $BWRAP --args 0 ${whole} --json-status-fd 8 sh -c 'echo $A; ulimit -Sn; grep -E "Sig(Blk|Ign)" /proc/self/status; ls /proc/self/fd; printf %s "$X" "$1" | od -c; kill -9 $$' sh $'w\\xfd' 8>told 9</etc/passwd; echo $?; grep -c exit-code told`;
    const [own, plain] = await Promise.all([
      askBubblewrap(caller, program, script),
      askBubblewrap(caller, front.path, script),
    ]);
    expect(own).toEqual(plain);
    expect(own.stdout.split("\n").slice(0, 2)).toEqual(["b", "1000"]);
  });

  test("is written to a file on demand, and to no file that is there", async () => {
    using directory = makeTempDir({ owner: caller });
    const path = directory.at("bwrap");
    const install = () => cupel.run(caller, ["bwrap", "--install", path]);
    expect(await install()).toEqual({ code: 0, signal: null, stdout: `wrote ${path}\n`, stderr: "" });
    expect(await askBubblewrap(caller, path, `$BWRAP ${whole} echo installed`)).toMatchObject({
      stdout: "installed\n",
    });
    expect(await install()).toMatchObject({ code: 64, stderr: expect.stringContaining("is there already") });
    const nowhere = await cupel.run(caller, ["bwrap", "--install", "/nosuch/bwrap"]);
    expect(nowhere).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("ENOENT") });
    expect(await cupel.run(caller, ["bwrap", "--install"])).toMatchObject({ code: 64, stdout: "" });
  });
});

/** Programs that look for bwrap in PATH. */
function withFront(caller: Caller): Record<string, string> {
  const { PATH = "" } = cupel.environment(caller);
  return { ...cupel.environment(caller), PATH: `${front.directory}:${PATH}` };
}

describe.each(callers)("in the place of bubblewrap, called by $name", (caller) => {
  test("cupel's own strategy runs its jobs in it, and knows whose it is", async () => {
    const env = { PATH: withFront(caller)["PATH"], XDG_STATE_HOME: `${cupel.state(caller)}-front` };
    const words = ["run", "--strategy", "bubblewrap", "--workspace", "ro", "--", "sh", "-c", "id -u; exit 3"];
    expect(await cupel.run(caller, words, { env })).toMatchObject({ code: 3, stdout: "1000\n" });
    const told = await cupel.run(caller, ["doctor", "--json"], { env });
    const { capabilities } = JSON.parse(told.stdout) as { capabilities: { id: string; summary: string }[] };
    const found = capabilities.find(({ id }) => id === "program.bwrap");
    expect(found).toMatchObject({ state: "works", value: front.path });
    expect(found?.summary).toContain("made by cupel bwrap");
    await cupel.outside(caller, ["rm", "-r", env.XDG_STATE_HOME]);
  });
});

const needsSandbox = needsPrograms("socat", "rg", "node");

describe.each(rootCallers)("a sandbox of others that calls it, as $name", (caller) => {
  needsSandbox("runs its commands, and keeps them from files and network", async () => {
    using directory = makeTempDir({ owner: caller });
    const program = join(repositoryRoot, "node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js");
    const script = `echo ran; touch /etc/made-by-test; curl -sS -m 5 http://example.com; readlink /proc/self/ns/net`;
    const ran = await execute(["node", program, "-c", script], {
      cwd: directory.path,
      env: { ...withFront(caller), HOME: directory.path, TMPDIR: directory.path },
    });
    const [first, network] = ran.stdout.split("\n");
    expect(first).toBe("ran");
    expect(ran.stderr).toContain("Read-only file system");
    // Its proxy answers, and nothing else does.
    expect(ran.stdout + ran.stderr).toContain("blocked by network allowlist");
    expect(ran.stdout).toMatch(/net:\[\d+\]/);
    expect(ran.stdout).not.toContain(readlinkSync("/proc/self/ns/net"));
    expect(network).not.toBe("");
    // It was this one that made it.
    named.file("calls/bwrap", `#!/bin/sh\necho called >>${named.at("called")}\nexec ${front.path} "$@"\n`, 0o755);
    await execute(["node", program, "-c", "true"], {
      cwd: directory.path,
      env: { ...cupel.environment(caller), PATH: `${named.at("calls")}:/usr/bin:/bin`, HOME: directory.path },
    });
    expect(readFileSync(named.at("called"), "utf8")).toStartWith("called\n");
  });
});
