/** Command lines that are wrong: each is answered with one sentence that names the input, and nothing is run. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { callers, rootCallers } from "../support/tester.ts";

const cupel = installCupel();

/** Flags of `cupel run`, and what the answer has to say. */
const wrongFlags: readonly (readonly [readonly string[], ...string[]])[] = [
  [["--memory", "lots"], "--memory", '"lots"', "512M"],
  [["--memory", "0"], "--memory", '"0"'],
  [["--memory", "-5M"], "--memory", "-5M"],
  [["--memory", "1e9"], "--memory", '"1e9"'],
  [["--memory", ""], "--memory", '""'],
  [["--memory=99999999999T"], "--memory", "99999999999T"],
  [["--memory", "512M", "--memory", "1G"], "--memory", "twice"],
  [["--cpus", "0"], "--cpus", '"0"'],
  [["--cpus", "two"], "--cpus", '"two"'],
  [["--cpus", "NaN"], "--cpus", '"NaN"'],
  [["--cpus", "1,5"], "--cpus", '"1,5"'],
  [["--pids", "0"], "--pids", '"0"'],
  [["--pids", "1.5"], "--pids", '"1.5"'],
  [["--pids", "99999999999"], "--pids", "99999999999"],
  [["--timeout", "5"], "--timeout", '"5"', "90s"],
  [["--timeout", "0s"], "--timeout", '"0s"'],
  [["--timeout", "5 minutes"], "--timeout", '"5 minutes"'],
  [["--grace", "soon"], "--grace", '"soon"'],
  [["--workspace", "crow"], "--workspace", '"crow"', "cow"],
  [["--workspace", "RW"], "--workspace", '"RW"'],
  [["--network", "hosts"], "--network", '"hosts"', "did you mean host?"],
  [["--strategy", "namespace"], "--strategy", '"namespace"', "did you mean namespaces?"],
  [["--strategy", "lxc"], "--strategy", '"lxc"'],
  [["--min", "strongest"], "--min", '"strongest"'],
  [["--prefer", "fast"], "--prefer", '"fast"'],
  [["--require", "net.nono"], "--require", '"net.nono"', "did you mean net.none?"],
  [["--require", "net.none,"], "--require", '""'],
  [["--require", "all"], "--require", '"all"'],
  [["--accept-missing", "everything"], "--accept-missing", '"everything"'],
  [["--accept-missing", ""], "--accept-missing", '""'],
  [["--env", "1NAME=x"], "--env", '"1NAME=x"'],
  [["--env", "=x"], "--env", '"=x"'],
  [["--env", ""], "--env", '""'],
  [["--read", "/nowhere/at/all"], "--read", "/nowhere/at/all", "does not exist"],
  [["--read", ""], "--read", '""'],
  [["--read", "/"], "--read", "/", "whole host"],
  [["--read", "/proc"], "--read", "/proc"],
  [["--read", "/proc/self/root"], "--read", "whole host"],
  [["--read", "/sys/kernel"], "--read", "/sys"],
  [["--read", "/dev/null"], "--read", "/dev"],
  [["--write", "/"], "--write", "/"],
  [["--write", "/etc/passwd/below"], "--write", "/etc/passwd/below"],
  [["--tols"], "--tols", "did you mean --tools?"],
  [["--timout", "5s"], "--timout", "did you mean --timeout?"],
  [["--tools=yes"], "--tools", "takes no value"],
  [["-x"], "-x"],
  [["--"], "No command is given", "behind --"],
  [["--memory"], "--memory", "needs a value"],
  [["--result", "/nowhere/at/all/result.json"], "--result", "/nowhere/at/all/result.json"],
  [["--result", ""], "--result"],
  [["--result", "/proc/result.json"], "--result", "/proc/result.json"],
  [["--file", "/opt/a=1", "--file", "/opt/a=2"], "--file /opt/a", "given twice"],
  [["--env", "A=1", "--env", "A=2"], "--env A", "given twice"],
  [["--ignore", ""], '--ignore ""', "is empty"],
  [["--ignore", "../x"], '--ignore "../x"', "from the workspace on"],
  [["--protect", "[ab"], '--protect "[ab"', "no sets of characters"],
  [["--artifact", "a{b", "--artifacts", "out"], '--artifact "a{b"', "no alternatives"],
  [["--artifact", "a\\", "--artifacts", "out"], String.raw`--artifact "a\\"`, "backslash"],
  [["--without", "read,require"], "--without", '"require"'],
  [["--without", "all"], "--without", '"all"'],
  [["--setup", "[1,2]"], "--setup", "[1,2]", "a script for sh"],
];

function expectOneSentence(stderr: string, ...parts: readonly string[]): void {
  expect(stderr).toMatch(/^cupel: [^\n]+\n$/);
  expect(stderr).not.toMatch(/ at .*\.ts|\/\$bunfs|Error:|undefined|\[object/);
  for (const part of parts) expect(stderr).toContain(part);
}

describe.each(callers)("wrong input, called by $name", (caller) => {
  test.each(wrongFlags.map(([flags, ...parts]) => ({ flags, parts, title: flags.join(" ") })))(
    "run $title",
    async ({ flags, parts }) => {
      const isWhole = flags.at(-1) === "--" || flags.at(-1) === "--memory";
      const words = ["run", ...flags, ...(isWhole ? [] : ["--", "sh", "-c", "echo ran"])];
      const ran = await cupel.run(caller, words);
      expect(ran).toMatchObject({ code: 125, stdout: "" });
      expectOneSentence(ran.stderr, ...parts);
      expect(readdirSync(cupel.workspace(caller))).toEqual([]);
    },
  );

  test.each([
    [[], 0],
    [["help"], 0],
    [["dcotor"], 64],
    [[""], 64],
    [["doctor", "extra"], 64],
    [["doctor", "--json=yes"], 64],
    [["completion"], 64],
    [["completion", "tcsh"], 64],
    [["completion", "bash", "zsh"], 64],
    [["plan"], 125],
    [["plan", "--memory", "x", "--", "true"], 125],
    [["run"], 125],
    [["run", ""], 125],
    [["run", "--", ""], 125],
  ] satisfies [string[], number][])("cupel %j ends with %d", async (words, code) => {
    const ran = await cupel.run(caller, words);
    expect(ran.code).toBe(code);
    if (code !== 0) {
      expect(ran.stdout).toBe("");
      expectOneSentence(ran.stderr);
    }
  });

  test("a current directory that is gone: nothing is run, and one line says why", async () => {
    const ran = await cupel.shell(caller, 'mkdir gone && cd gone && rmdir ../gone && exec "$CUPEL" run -- echo ran');
    expect(ran.code).not.toBe(0);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toMatch(/^[^\n]*director[^\n]*\n$/);
  });

  test("written through in /, or in cupel's own state", async () => {
    const inRoot = await cupel.run(caller, ["run", "--workspace", "rw", "--", "true"], { cwd: "/" });
    expect(inRoot.code).toBe(125);
    expectOneSentence(inRoot.stderr, "--workspace rw", "/");
    await cupel.run(caller, ["run", "--", "true"]);
    const inState = await cupel.run(caller, ["run", "--workspace", "rw", "--", "true"], { cwd: cupel.state(caller) });
    expect(inState.code).toBe(125);
    expectOneSentence(inState.stderr, cupel.state(caller));
  });

  test.each(["--read", "--write"])("cupel's own state granted by %s", async (flag) => {
    await cupel.run(caller, ["run", "--", "true"]);
    for (const path of [cupel.state(caller), `${cupel.state(caller)}/report.json`]) {
      const ran = await cupel.run(caller, ["run", flag, path, "--", "true"]);
      expect(ran.code).toBe(125);
      expectOneSentence(ran.stderr, flag, path, "state");
    }
  });

  test.each([
    ["longer than an instruction may be", 'map { "x" x 30000 } 1..160'],
    ["of more words than an instruction may have", '("a") x 500000'],
  ])("a command %s", async (_name, words) => {
    const call = `exec $ENV{CUPEL}, "run", "--", "true", ${words}`;
    const ran = await cupel.outside(caller, ["sh", "-c", 'ulimit -s 65536; exec perl -e "$0"', call]);
    expect(ran.code).toBe(125);
    expectOneSentence(ran.stderr);
  });

  test("of a word of any length no more is repeated than can be read", async () => {
    const ran = await cupel.run(caller, ["run", "--read", `/${"a".repeat(100_000)}`, "--", "true"]);
    expect(ran.code).toBe(125);
    expectOneSentence(ran.stderr);
    expect(ran.stderr.length).toBeLessThan(2100);
  });

  test("a value that is not UTF-8 is refused: it would be another one", async () => {
    const call = 'exec $ENV{CUPEL}, "run", "--env", "A=\\xff", "--", "true"';
    const ran = await cupel.outside(caller, ["perl", "-e", call]);
    expect([ran.code, ran.stderr]).toEqual([
      125,
      'cupel: --env "A=\ufffd" is not valid UTF-8, so cupel cannot tell what is meant; see cupel run --help\n',
    ]);
  });

  test("a long command that is not too long is run whole", async () => {
    for (const count of [100, 1500, 3000, 20_000, 140_000]) {
      const call = `exec $ENV{CUPEL}, "run", "--", "sh", "-c", 'echo $#', "sh", ("abc") x ${count}`;
      expect(await cupel.outside(caller, ["perl", "-e", call])).toMatchObject({
        code: 0,
        stdout: `${count}\n`,
        stderr: "",
      });
    }
  });

  test("words that look like anything else stay the job's own", async () => {
    const words = ["--help", "--", "-x", "", " ", "\n", "\t\"'$HOME`id`\\", "\u{1f600}", "\u001b[31m"];
    const ran = await cupel.run(caller, ["run", "--", "printf", "<%s>", ...words]);
    expect(ran).toMatchObject({ code: 0, stdout: words.map((word) => `<${word}>`).join(""), stderr: "" });
  });

  test("--help is never an error, whatever else is there", async () => {
    for (const words of [
      ["--help"],
      ["-h"],
      ["run", "--help"],
      ["plan", "-h"],
      ["doctor", "--help"],
      ["completion", "--help"],
      ["version", "--help"],
    ]) {
      const ran = await cupel.run(caller, words);
      expect(ran).toMatchObject({ code: 0, stderr: "" });
      expect(ran.stdout.toLowerCase()).toContain("usage");
    }
  });
});

describe.each(rootCallers)("a state that root keeps", (root) => {
  test("is granted by no parent that is asked for as a whole", async () => {
    await cupel.run(root, ["run", "--", "true"]);
    const parent = cupel.state(root).replace(/\/cupel$/, "");
    const ran = await cupel.run(root, ["run", "--read", parent, "--", "ls", "-A", cupel.state(root)]);
    expect(ran).toMatchObject({ code: 0, stdout: "" });
  });
});
