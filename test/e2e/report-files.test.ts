/** `--format auto` and `--output`: one measurement in several forms, and nothing half-written. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { needsPrograms } from "../support/must-work.ts";
import { junitProblems, parseWorkflowCommands, sarifProblems } from "../support/read-formats.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();
const quick = ["check", "--capability", "host.kernel"];

describe.each(callers)("files of a report, called by $name", (caller) => {
  needsPrograms("xmllint")("are one measurement, and it is the one on standard output", async () => {
    using directory = makeTempDir({ owner: caller });
    const outputs = ["json=a.json", "junit=b.xml", "sarif=c.sarif", "text=d.txt"].flatMap((output) => ["-o", output]);
    for (const words of [quick, ["doctor"]]) {
      const ran = await cupel.run(caller, [...words, "--json", ...outputs], { cwd: directory.path });
      expect(ran).toMatchObject({ code: 0, stderr: "" });
      const read = (name: string): string => readFileSync(directory.at(name), "utf8");
      expect(read("a.json")).toBe(ran.stdout);
      const printed = JSON.parse(ran.stdout) as { id: string; report?: { id: string } };
      expect(read("b.xml")).toContain(`value="${(printed.report ?? printed).id}"`);
      expect([junitProblems(read("b.xml")), sarifProblems(JSON.parse(read("c.sarif")))]).toEqual([[], []]);
      expect(read("d.txt")).toMatch(words === quick ? /check: passed: 1 demand holds\n$/ : /^Jobs will run in /);
    }
    expect(readdirSync(directory.path).toSorted()).toEqual(["a.json", "b.xml", "c.sarif", "d.txt"]);
  });

  test("come with a reader of standard output that has seen enough", async () => {
    using directory = makeTempDir({ owner: caller });
    await cupel.shell(caller, '"$CUPEL" doctor --json -o json=a.json | head -c 1', { cwd: directory.path });
    expect(JSON.parse(readFileSync(directory.at("a.json"), "utf8"))).toMatchObject({ schema: 1 });
  });

  test("are as redacted as the rest", async () => {
    using directory = makeTempDir({ owner: caller });
    const ran = await cupel.run(caller, ["doctor", "--redact", "--json", "-o", "json=a"], { cwd: directory.path });
    expect(readFileSync(directory.at("a"), "utf8")).toBe(ran.stdout);
    expect(ran.stdout).not.toContain(directory.path);
  });

  test("go with the steps of --fix, and not with what measures nothing", async () => {
    using directory = makeTempDir({ owner: caller });
    const call = (flag: string) => cupel.run(caller, ["doctor", flag, "-o", "markdown=a"], { cwd: directory.path });
    expect(await call("--container-profile")).toMatchObject({
      code: 64,
      stderr: "cupel: --container-profile and --output cannot be given together; see cupel doctor --help\n",
    });
    expect(await call("--fix")).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(directory.at("a"), "utf8")).toStartWith("## ");
  });

  test.each([
    ["json", '--output "json" is no FORMAT=FILE'],
    ["xml=a", '--output knows no format "xml"'],
    ["json=", '--output json="" names no file'],
    ["json=no/a", '--output json="no/a" cannot be written (ENOENT)'],
    ["json=/proc/a", '--output json="/proc/a" cannot be written (ENOENT)'],
    ["json=/dev/null", '--output json="/dev/null" is not a regular file'],
  ])("are refused in one sentence for %s", async (output, said) => {
    for (const command of ["check", "doctor"]) {
      const ran = await cupel.run(caller, [command, "--output", output]);
      expect([ran.code, ran.stdout]).toEqual([64, ""]);
      expect([ran.stderr.slice(0, said.length + "cupel: ".length), ran.stderr.split("\n").length]).toEqual([
        `cupel: ${said}`,
        2,
      ]);
    }
  });

  test("follow what the environment reads, with --format auto", async () => {
    const inGithub = { env: { GITHUB_ACTIONS: "true" } };
    const inGitlab = { env: { GITLAB_CI: "true" } };
    const words = [...quick, "--format", "auto"];
    const [github, gitlab] = [await cupel.run(caller, words, inGithub), await cupel.run(caller, words, inGitlab)];
    expect(parseWorkflowCommands(github.stdout).at(-1)?.name).toBe("notice");
    expect(gitlab.stdout).toEndWith("check: passed: 1 demand holds\n");
    expect(gitlab.stdout).toBe((await cupel.run(caller, quick)).stdout);
    const doctor = await cupel.run(caller, ["doctor", "--format", "auto"], inGithub);
    expect(parseWorkflowCommands(doctor.stdout).at(-1)?.name).toBe("notice");
  });
});
