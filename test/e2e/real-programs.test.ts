/**
 * Programs that people run, in the sandbox that they get without a flag. With `REAL_PROGRAMS=all` those too that are
 * large to install: Java, Rust and a browser.
 */
import { describe, expect } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { keys, openTerminal } from "../support/terminal.ts";
import { callers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

interface Program {
  readonly name: string;
  readonly programs: readonly string[];
  readonly script: string;
  readonly prints: readonly string[];
}

/** Without what may lie in a home. */
const systemPath = "/usr/local/bin:/usr/bin:/bin";
const python = "/usr/bin/python3";

const programs: readonly Program[] = [
  {
    name: "pytest: files, processes, shared memory, sockets",
    programs: ["python3"],
    script: `${python} -m pytest -q -p no:cacheprovider test_suite.py | sed 's/ in .*//'`,
    prints: [expect.stringMatching(/^\.{5} +\[100%\]$/), "5 passed"],
  },
  {
    name: "Python's event loop",
    programs: ["python3"],
    script: `${python} events.py`,
    prints: ["ASKED", "ASKED", "42", "a thread"],
  },
  {
    name: "SQLite: a write-ahead log, mapped, under locks",
    programs: ["python3"],
    script: `${python} database.py`,
    prints: ["('wal',)", "(61, 60)", "('ok',)"],
  },
  {
    name: "make and gcc",
    programs: ["make", "gcc"],
    script: "make --silent -j2 && ./made",
    prints: ["made 42"],
  },
  { name: "git", programs: ["git"], script: "sh git.sh", prints: ["two", "one"] },
  {
    name: "Node: threads, children, a server",
    programs: ["node"],
    script: "node threads.cjs",
    prints: ["from a thread", "from a child", "from a program", "from a server", "true job"],
  },
  {
    name: "bash: jobs, pipelines, coprocesses",
    programs: ["bash"],
    script: "bash job-control.bash",
    prints: ["1", "terminated: 143", "waited: 7", "SUBSTITUTED", "pipeline: 1 0 0", "to a coprocess and back"],
  },
];

const largePrograms: readonly Program[] = [
  {
    name: "Java: a server, a client, threads, a process",
    programs: ["java", "javac"],
    script: "javac Served.java && java Served",
    prints: ["served", "42", "started"],
  },
  {
    name: "cargo",
    programs: ["cargo"],
    script: "cd crate && cargo run --quiet --offline && cargo test --quiet --offline | grep -o '[0-9]* passed'",
    prints: ["42", "1 passed"],
  },
  {
    name: "Chromium, without the sandbox of its own that needs namespaces",
    programs: ["chromium"],
    script: `chromium --no-sandbox --headless=new --dump-dom "file://$PWD/page.html" 2>/dev/null | grep -o 'scripted [0-9]\\+'`,
    prints: ["scripted 42"],
  },
];

const asked = process.env["REAL_PROGRAMS"] === "all" ? [...programs, ...largePrograms] : programs;

function programsFolder(caller: Caller): TempDir {
  const folder = makeTempDir({ owner: caller });
  cpSync(join(repositoryRoot, "test/fixtures/programs"), folder.path, { recursive: true });
  Bun.spawnSync(["chown", "-R", `${caller.uid}:${caller.gid}`, folder.path]);
  return folder;
}

/** What a job that changed its workspace leaves on standard error; bash and Python's suite change nothing of it. */
const summary = /^(|cupel: \d+ paths? added .*in the workspace; see cupel changes .*\n)$/;

describe.each(callers)("called by $name, without a flag, there works", (caller) => {
  for (const { name, programs: needed, script, prints } of asked) {
    const missing = needed.filter((program) => Bun.which(program, { PATH: systemPath }) === null);
    needs(missing.length === 0, `${missing.join(", ")} not in ${systemPath}`)(name, async () => {
      using folder = programsFolder(caller);
      const ran = await cupel.run(caller, ["run", "--", "sh", "-c", script], { cwd: folder.path, deadlineMs: 50_000 });
      const { stdout, ...rest } = ran;
      expect({ ...rest, lines: stdout.trimEnd().split("\n") }).toEqual({
        code: 0,
        signal: null,
        stderr: expect.stringMatching(summary),
        lines: [...prints],
      });
    });
  }

  needsPrograms("bash")("bash at a terminal: jobs, Ctrl-Z, fg, Ctrl-C", async () => {
    const words = [cupel.path, "run", "--tty", "--env", "PS1=> ", "--", "bash", "--norc"];
    const options = { cwd: cupel.workspace(caller), env: cupel.environment(caller) };
    await using session = openTerminal([...caller.prefix, ...words], options);
    const answers = async (typed: string, shown: RegExp): Promise<void> => {
      const before = session.text().length;
      session.type(typed);
      await until(`an answer to ${JSON.stringify(typed)}`, () => shown.exec(session.text().slice(before)) ?? undefined);
    };
    await session.shows("> ");
    await answers("sleep 1000 &\r", /\[1\]/);
    await answers("jobs\r", /Running/);
    await answers("sh -c 'echo be''gun; while read line; do echo got $line; done'\r", /begun/);
    await answers(keys.suspend, /Stopped/);
    await answers("fg\r", /^sh -c/m);
    await answers("a line\r", /got a line/);
    await answers(keys.interrupt, /\^C[^]*> $/);
    session.type("exit 5\r");
    expect(await session.ended).toEqual({ code: 5, signal: null });
  });
});
