import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { dispatch } from "../../src/commands/dispatch.ts";
import { build } from "../../src/model/build.gen.ts";
import { CupelError } from "../../src/model/error.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute, type Ran } from "../support/execute.ts";
import { makeTempDir } from "../support/temp-dir.ts";

/** The command line as main.ts takes it, from the sources. */
async function cupel(...words: readonly string[]): Promise<Ran> {
  using directory = makeTempDir();
  return execute([process.execPath, join(repositoryRoot, "src/main.ts"), ...words], {
    cwd: directory.path,
    env: { PATH: "/usr/bin:/bin", HOME: directory.path, XDG_STATE_HOME: directory.at("state") },
  });
}

function ended(code: number, stdout: string, stderr = ""): Ran {
  return { code, signal: null, stdout, stderr };
}

async function refusal(...words: readonly string[]): Promise<unknown> {
  try {
    return await dispatch(words);
  } catch (error) {
    return error;
  }
}

describe("dispatch", () => {
  test.each([
    [["docter"], 'cupel has no command "docter": did you mean doctor?'],
    [
      ["zzz"],
      'cupel has no command "zzz": there are doctor, check, lock, diff, explain, plan, run, shell, changes, apply, discard, runs, init, trust, schema, strategies, verify, bwrap, self-test, upgrade, clean, completion, version',
    ],
    [
      [""],
      'cupel has no command "": there are doctor, check, lock, diff, explain, plan, run, shell, changes, apply, discard, runs, init, trust, schema, strategies, verify, bwrap, self-test, upgrade, clean, completion, version',
    ],
    [
      ["--json"],
      'cupel has no command "--json": there are doctor, check, lock, diff, explain, plan, run, shell, changes, apply, discard, runs, init, trust, schema, strategies, verify, bwrap, self-test, upgrade, clean, completion, version',
    ],
    [
      ["constructor"],
      'cupel has no command "constructor": there are doctor, check, lock, diff, explain, plan, run, shell, changes, apply, discard, runs, init, trust, schema, strategies, verify, bwrap, self-test, upgrade, clean, completion, version',
    ],
    [["doctor", "extra"], 'cupel doctor does not take "extra"; see cupel doctor --help'],
    [["doctor", "--jsno"], "cupel doctor has no flag --jsno, did you mean --json?; see cupel doctor --help"],
    [["doctor", "--xyzzy"], "cupel doctor has no flag --xyzzy; see cupel doctor --help"],
    [["version", "--jso"], "cupel version has no flag --jso, did you mean --json?; see cupel version --help"],
    [["completion"], "cupel completion needs SHELL; see cupel completion --help"],
    [["run"], "No command is given; write it behind --, or name a job file"],
    [["plan", "--fresh"], "No command is given; write it behind --, or name a job file"],
  ])("refuses %p", async (words, message) => expect(await refusal(...words)).toEqual(new CupelError("usage", message)));

  test("shows what there is without a word, and when asked for help", async () => {
    const [plain, ...asked] = await Promise.all([cupel(), cupel("help"), cupel("--help"), cupel("-h")]);
    expect(plain).toEqual(ended(0, expect.stringContaining("run a command in the best sandbox") as never));
    for (const command of [
      "doctor",
      "plan",
      "run",
      "init",
      "trust",
      "self-test",
      "upgrade",
      "clean",
      "completion",
      "version",
    ])
      expect(plain.stdout).toContain(command);
    expect(asked.map(({ stdout }) => stdout)).toEqual(asked.map(() => plain.stdout));
  });

  test.each(["doctor", "plan", "run", "init", "trust", "self-test", "upgrade", "clean", "completion", "version"])(
    "shows the usage of %s, and does nothing else",
    async (name) => {
      const [long, short] = await Promise.all([cupel(name, "--help"), cupel(name, "-h")]);
      expect(long).toEqual(ended(0, expect.stringContaining(`cupel ${name}`) as never));
      expect(short.stdout).toBe(long.stdout);
    },
  );

  test("shows the version, for people and for programs", async () => {
    const [flag, command, json] = await Promise.all([cupel("--version"), cupel("version"), cupel("version", "--json")]);
    expect(command).toEqual(flag);
    expect(command).toEqual(ended(0, expect.stringContaining(build.version) as never));
    expect(JSON.parse(json.stdout)).toEqual({
      version: build.version,
      build: build.id,
      commit: null,
      target: null,
      releaseKey: null,
    });
  });

  test("leaves --help of the job's own command alone", async () => {
    const { stdout } = await cupel("run", "--accept-missing", "all", "--", "/bin/echo", "--help", "-h");
    expect(stdout).not.toContain("cupel run");
  });
});

describe("main", () => {
  test.each([
    [["zzz"], 64],
    [["doctor", "--zzz"], 64],
    [["version", "extra"], 64],
    [["completion", "tcsh"], 64],
    [["run", "--zzz", "--", "true"], 125],
    [["run"], 125],
    [["run", "--timeout", "soon", "true"], 125],
    [["plan", "--zzz", "true"], 125],
  ])("ends %p with %d, in one line and without output", async (words, code) => {
    const ran = await cupel(...words);
    expect(ran).toEqual(ended(code, "", expect.stringMatching(/^cupel: [^\n]+\n$/) as never));
  });
});
