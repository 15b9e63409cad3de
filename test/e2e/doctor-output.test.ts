/** What people read: right on a narrow terminal, without colour where none was asked for, in ASCII where that is all there is. */
import { describe, expect, test } from "bun:test";
import type { reportFormats } from "../../src/report/formats.ts";
import { installCupel } from "../support/run-cli.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers, ordinaryCaller, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const escape = "\u001b";
const colours = new RegExp(`${escape}\\[[0-9;]*m`, "g");

interface Shown {
  readonly raw: string;
  /** Without colours, line by line. */
  readonly lines: readonly string[];
}

/** Runs cupel on a terminal that is `columns` wide. */
async function show(
  caller: Caller,
  words: readonly string[],
  columns: number,
  env: Record<string, string> = {},
): Promise<Shown> {
  const options = { cwd: cupel.workspace(caller), columns, env: { ...cupel.environment(caller), ...env } };
  await using session = openTerminal([...caller.prefix, cupel.path, ...words], options);
  await session.ended;
  const raw = session.text();
  return { raw, lines: raw.replaceAll(colours, "").replaceAll("\r", "").split("\n") };
}

/** Commands to copy are one line each, however long: broken they would not be commands. */
function tooWide(lines: readonly string[], columns: number): string[] {
  return lines.filter((line) => Bun.stringWidth(line) > columns && !/^\s+(sudo |cupel |\$ |[a-z]+ -)/.test(line));
}

const narrow = [
  ["doctor", ["doctor"]],
  ["doctor --all", ["doctor", "--all"]],
  ["plan", ["plan", "--", "true"]],
  [
    "plan with grants and limits",
    ["plan", "--read", "/etc/passwd", "--timeout", "5m", "--network", "host", "--", "sh", "-c", "true"],
  ],
  ["a refusal", ["run", "--require", "net.allowlist", "--", "true"]],
  ["help", ["--help"]],
  ["help of run", ["run", "--help"]],
  ["help of doctor", ["doctor", "--help"]],
] as const satisfies (readonly [string, readonly string[]])[];

describe.each(callers)("on a terminal, called by $name", (caller) => {
  test.each(narrow)("%s keeps within 40 columns", async (_name, words) => {
    const { lines } = await show(caller, words, 40);
    expect(lines.length).toBeGreaterThan(3);
    expect(tooWide(lines, 40)).toEqual([]);
  });

  test("the doctor keeps within 80 and 200 columns, and uses what there is", async () => {
    const [normal, wide] = [await show(caller, ["doctor"], 80), await show(caller, ["doctor"], 200)];
    expect(tooWide(normal.lines, 80)).toEqual([]);
    expect(tooWide(wide.lines, 200)).toEqual([]);
    expect(normal.lines.length).toBeGreaterThan(wide.lines.length);
  });

  test("the doctor says all that it has to say on 16 columns, too", async () => {
    const words = ({ lines }: Shown): string => lines.join("").replaceAll(/\s|[\d.]+ms|Report.*/g, "");
    const [slim, normal] = [await show(caller, ["doctor"], 16), await show(caller, ["doctor"], 80)];
    expect(words(slim).slice(0, 200)).toBe(words(normal).slice(0, 200));
    expect(tooWide(slim.lines, 20).filter((line) => line.trim().includes(" "))).toEqual([]);
  });
});

/** How output looks hangs on the terminal and the environment, not on the caller. */
const caller = ordinaryCaller;

describe("colour", () => {
  test("is there on a terminal", async () => {
    expect((await show(caller, ["doctor"], 80)).raw).toContain(escape);
  });

  test.each([
    ["NO_COLOR", { NO_COLOR: "1" }],
    ["TERM=dumb", { TERM: "dumb" }],
  ])("is not there with %s", async (_name, env) => {
    expect((await show(caller, ["doctor"], 80, env)).raw).not.toContain(escape);
  });

  test.each([
    ["doctor"],
    ["doctor --all"],
    ["plan -- true"],
    ["--help"],
    ["run --help"],
    ["version"],
    ["doctor --json"],
    ["completion bash"],
  ])("is never there in a pipe: %s", async (line) => {
    const { stdout, stderr } = await cupel.run(caller, line.split(" "));
    expect(stdout.length).toBeGreaterThan(0);
    expect(stdout + stderr).not.toContain(escape);
  });

  test("is not in a refusal that goes to a pipe", async () => {
    const { stderr } = await cupel.run(caller, ["run", "--require", "net.allowlist", "--", "true"]);
    expect(stderr).not.toContain(escape);
  });
});

const onlyAscii = /^[\n\r\t\u0020-\u007e]*$/;

describe("characters", () => {
  test.each([
    ["LANG=C", { LANG: "C" }],
    ["LC_ALL=C over a LANG with UTF-8", { LANG: "en_US.UTF-8", LC_ALL: "C" }],
    ["LC_ALL=POSIX", { LC_ALL: "POSIX" }],
    ["no locale at all", { LANG: undefined }],
  ])("are ASCII alone with %s", async (_name, env) => {
    for (const line of ["doctor", "doctor --all", "plan -- true", "run --help", "--help"]) {
      const { stdout, stderr } = await cupel.run(caller, line.split(" "), { env });
      expect([line, (stdout + stderr).split("\n").filter((text) => !onlyAscii.test(text))]).toEqual([line, []]);
    }
    const refused = await cupel.run(caller, ["run", "--require", "net.allowlist", "--", "true"], { env });
    expect(refused.stderr).toMatch(onlyAscii);
  });

  test("are more than ASCII where the locale has them", async () => {
    const { stdout } = await cupel.run(caller, ["doctor"], { env: { LANG: "C.UTF-8" } });
    expect(stdout).not.toMatch(onlyAscii);
  });
});

describe("the doctor's answer", () => {
  test("begins with the verdict", async () => {
    const { stdout } = await cupel.run(caller, ["doctor"]);
    expect(stdout).toStartWith("Jobs will run in namespaces");
  });

  test("is folded unless asked for as a whole", async () => {
    const [short, whole] = [await cupel.run(caller, ["doctor"]), await cupel.run(caller, ["doctor", "--all"])];
    expect(whole.stdout.length).toBeGreaterThan(short.stdout.length * 2);
    expect(short.stdout).not.toContain("[ns.mount]");
    expect(whole.stdout).toContain("[ns.mount]");
  });

  test("as JSON is one document of a known version, that says the same", async () => {
    const { stdout, stderr } = await cupel.run(caller, ["doctor", "--json"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, selection: { chosen: "namespaces" } });
    expect(stdout).toEndWith("}\n");
  });

  test("is not an error to a reader that has seen enough", async () => {
    const ran = await cupel.shell(caller, '{ "$CUPEL" doctor --json; echo $? >&2; } | head -c 10');
    expect(ran.stdout).toHaveLength(10);
    expect(ran.stderr).toMatch(/^(0|141)\n$/);
  });

  test("is whole also where a pipe takes it slowly", async () => {
    const whole = await cupel.shell(
      caller,
      '"$CUPEL" doctor --json | { while read -r line; do echo "$line"; done; } | tail -n 1',
    );
    expect(whole.stdout).toBe("}\n");
  });

  test("can be written to a closed stream without a word", async () => {
    const ran = await cupel.shell(caller, '"$CUPEL" version >&-');
    expect(ran.stderr).not.toMatch(/is a bug|\.ts:|bunfs/);
  });
});

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])("of %s is a script, and names the commands", async (shell) => {
    const { code, stdout } = await cupel.run(caller, ["completion", shell]);
    expect(code).toBe(0);
    for (const word of ["doctor", "plan", "run", "self-test", "clean", "completion", "version"])
      expect(stdout).toContain(word);
    if (Bun.which(shell) !== null)
      expect(await cupel.outside(caller, [shell, "-n", "/dev/stdin"], { stdin: stdout })).toMatchObject({ code: 0 });
  });
});

describe.each(callers)("formats, called by $name", (who) => {
  /** What each begins with. */
  const beginnings: Readonly<Record<keyof typeof reportFormats, string>> = {
    text: "Jobs will run in namespaces; ",
    json: '{\n  "schema": 1,',
    markdown: "## ✅ cupel: ",
    junit: '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>',
    sarif: "{",
    github: "::",
    prometheus: "# HELP cupel_",
    features: "# ",
    labels: "cupel.feature.node.kubernetes.io/",
  };

  test.each(Object.entries(beginnings))("%s is one of them", async (format, beginning) => {
    const ran = await cupel.run(who, ["doctor", "--format", format]);
    expect({ code: ran.code, stderr: ran.stderr, start: ran.stdout.slice(0, beginning.length) }).toEqual({
      code: 0,
      stderr: "",
      start: beginning,
    });
  });

  test("without what names a person or a place", async () => {
    const { stdout } = await cupel.run(who, ["doctor", "--json", "--redact"]);
    expect(stdout).not.toContain(who.home === "/root" ? "/root/" : who.home);
    expect(stdout).not.toContain(cupel.workspace(who));
  });

  test("a location outside of the repository is refused in one sentence", async () => {
    const ran = await cupel.run(who, ["doctor", "--format", "sarif", "--location", "/etc/passwd"]);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 64, stdout: "" });
    expect(ran.stderr).toStartWith('cupel: the location "/etc/passwd" is no path of a file in the repository\n');
  });
});
