/** The compiled executable takes nothing from where it stands, and the sources run under Deno just the same. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute, type Ran } from "../support/execute.ts";
import { startFiles } from "../support/loopback-servers.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();
const bun = process.execPath;
const deno = join(repositoryRoot, "node_modules/.bin/deno");
const entry = join(repositoryRoot, "src/main.ts");

/** A directory that a program of Bun's own would obey: it writes a file when its preload script runs. */
function plantTraps(directory: TempDir): void {
  directory.file("preload.ts", `require("node:fs").writeFileSync(${JSON.stringify(directory.at("preloaded"))}, "");`);
  directory.file("bunfig.toml", `preload = ["./preload.ts"]\n[run]\npreload = ["./preload.ts"]\n`);
  directory.file(".env", "XDG_STATE_HOME=/nowhere/from-dotenv\nCUPEL_CANARY=from-dotenv\nNO_COLOR=1\n");
  directory.file(".env.local", "CUPEL_CANARY=from-dotenv-local\n");
  directory.file("program.ts", "console.log(process.env.CUPEL_CANARY);");
}

describe.each(callers)("in a directory full of traps, called by $name", (caller) => {
  test("the executable runs no preload script and reads no .env", async () => {
    using directory = makeTempDir({ owner: caller });
    plantTraps(directory);
    const options = { cwd: directory.path };
    const ran = await cupel.run(
      caller,
      ["run", "--env", "CUPEL_CANARY", "--", "sh", "-c", 'echo "<$CUPEL_CANARY>"'],
      options,
    );
    expect(ran).toEqual({ code: 0, signal: null, stdout: "<>\n", stderr: "" });
    expect((await cupel.run(caller, ["doctor"], options)).code).toBe(0);
    expect((await cupel.run(caller, ["version"], options)).code).toBe(0);
    expect(existsSync(directory.at("preloaded"))).toBe(false);
  });
});

test("the control: Bun itself obeys both", async () => {
  using directory = makeTempDir();
  plantTraps(directory);
  const { stdout } = await execute([bun, "run", "program.ts"], { cwd: directory.path });
  expect(stdout).toStartWith("from-dotenv");
  expect(existsSync(directory.at("preloaded"))).toBe(true);
});

interface Report {
  readonly capabilities: readonly { readonly id: string; readonly state: string; readonly level: string }[];
  readonly selection: { readonly chosen?: string };
  readonly strategies: readonly { readonly id: string; readonly available: boolean }[];
}

/** As whoever runs the tests: a checkout need not be readable for anyone else. */
const self = callers[0] ?? ordinaryCaller;
const withDeno = needs(existsSync(deno), "Deno is not installed: bun install");

describe("under Deno", () => {
  let denoDirectory: TempDir;
  const underDeno = (words: readonly string[], cwd = repositoryRoot): Promise<Ran> => {
    const env = { ...cupel.environment(self), DENO_DIR: denoDirectory.path, DENO_NO_UPDATE_CHECK: "1" };
    return execute([deno, "run", "-A", "--no-lock", entry, ...words], { cwd, env, deadlineMs: 50_000 });
  };
  beforeAll(async () => {
    denoDirectory = makeTempDir();
    if (!existsSync(deno)) return;
    // What it compiles at the first start is part of no probe's time.
    const env = { ...cupel.environment(self), DENO_DIR: denoDirectory.path };
    const options = { cwd: repositoryRoot, env, deadlineMs: 50_000 };
    expect(await execute([deno, "cache", "--no-lock", "--quiet", entry], options)).toMatchObject({ code: 0 });
  }, 50_000);
  afterAll(() => denoDirectory[Symbol.dispose]());

  withDeno("the doctor finds what the executable finds", async () => {
    const [inDeno, compiled] = [
      await underDeno(["doctor", "--json"]),
      await cupel.run(self, ["doctor", "--json"], { cwd: repositoryRoot }),
    ];
    expect([inDeno.code, compiled.code]).toEqual([0, 0]);
    const [one, other] = [inDeno, compiled].map(({ stdout }) => JSON.parse(stdout) as Report);
    const states = (report: Report | undefined) =>
      report?.capabilities.map(({ id, state, level }) => [id, state, level]).toSorted();
    expect(states(one)).toEqual(states(other));
    expect(one?.selection.chosen).toBe("namespaces");
    expect(one?.selection.chosen).toBe(other?.selection.chosen ?? "");
    expect(one?.strategies.map(({ id, available }) => [id, available])).toEqual(
      other?.strategies.map(({ id, available }) => [id, available]) ?? [],
    );
  });

  withDeno("jobs run, with their streams and their exit codes", async () => {
    expect(await underDeno(["run", "--", "true"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await underDeno(["run", "--", "sh", "-c", "echo out; echo err >&2; exit 42"])).toMatchObject({
      code: 42,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await underDeno(["run", "--", "sh", "-c", "kill -TERM $$"])).toMatchObject({ code: 143 });
    expect(await underDeno(["run", "--timeout", "100ms", "--", "sleep", "1000"])).toMatchObject({ code: 124 });
    expect(await underDeno(["run", "--", "cupel-no-such-program"])).toMatchObject({ code: 127 });
    expect(await underDeno(["run", "--require", "net.allowlist", "--", "true"])).toMatchObject({ code: 125 });
    expect(await underDeno(["run", "--no-such-flag"])).toMatchObject({ code: 125 });
    expect(await underDeno(["no-such-command"])).toMatchObject({ code: 64 });
  });

  withDeno("what a job made in a layer is removed whole", async () => {
    using project = makeTempDir({ owner: self });
    const made = await underDeno(["run", "--", "sh", "-c", "mkdir -p a/b && echo x >a/b/c"], project.path);
    const id = /cupel apply (\w+)/.exec(made.stderr)?.[1] ?? "";
    expect({ code: made.code, id }).toEqual({ code: 0, id: expect.stringMatching(/^\w{6}$/) });
    expect(await underDeno(["discard", id], project.path)).toMatchObject({ code: 0, stderr: "" });
    expect(cupel.layers(self)).toEqual([]);
  });

  // It does not tell names that are no UTF-8 as they are, and so cannot remove them: said at once, however deep they lie.
  withDeno("a name that Deno cannot say is told of", async () => {
    using directory = makeTempDir();
    const deep = directory.folder("tree/1/2/3/4/5/6/7/8");
    writeFileSync(Buffer.concat([Buffer.from(`${deep}/`), Buffer.from([0xff])]), "");
    const program = `const { removeTree } = await import(${JSON.stringify(join(repositoryRoot, "src/run/remove-tree.ts"))}); console.log(removeTree(${JSON.stringify(directory.at("tree"))}));`;
    const options = { cwd: repositoryRoot, env: { ...cupel.environment(self), DENO_DIR: denoDirectory.path } };
    const ran = await execute([deno, "eval", "--no-lock", program], options);
    expect(ran).toMatchObject({ code: 0, stdout: `${directory.at("tree")}: ENOTEMPTY\n` });
  });

  withDeno("jobs reach what they list, and nothing else", async () => {
    using server = startFiles();
    const rule = `127.0.0.1:${server.port}`;
    const script = `curl -s --noproxy "" http://${rule}/x; curl -s --noproxy "" -p http://${rule}/y; curl -s http://b.example/`;
    expect(await underDeno(["run", "--allow-host", rule, "--", "sh", "-c", script])).toEqual({
      code: 0,
      signal: null,
      stdout: "GET /x\nGET /y\ncupel: b.example:80 is not among the destinations that this job may connect to\n",
      stderr: "cupel: the job was denied 1 connection: b.example:80 (--allow-host b.example:80)\n",
    });
  });
});
