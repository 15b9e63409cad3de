/** Files that `check`, `lock` and `diff` are pointed to and that are something else: one sentence each, exit code 64. */
import { describe, expect, test } from "bun:test";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

const badFiles: readonly (readonly [string, (directory: TempDir) => string])[] = [
  ["that is missing", (directory) => directory.at("missing")],
  ["that is empty", (directory) => directory.file("empty")],
  ["that is binary", (directory) => directory.file("binary", new Uint8Array([0, 1, 2, 255]))],
  ["that is no UTF-8", (directory) => directory.file("latin", new Uint8Array([0xe4, 0x0a]))],
  ["that is huge", (directory) => directory.file("huge", " ".repeat(70 * 1024 * 1024))],
  ["that is garbage", (directory) => directory.file("garbage", "}{ garbage: [\n")],
  ["of other fields", (directory) => directory.file("other", '{"hello": "world"}\n')],
  ["that is deep beyond measure", (directory) => directory.file("deep", "[".repeat(200_000))],
  ["that is a directory", (directory) => directory.folder("folder")],
  ["that is a device", () => "/dev/zero"],
];

const uses: readonly (readonly [string, (path: string) => readonly string[]])[] = [
  ["a policy", (path) => ["check", "--policy", path]],
  ["a job", (path) => ["check", "--job", path]],
  ["a lock", (path) => ["check", "--lock", path]],
  ["a report", (path) => ["diff", path, path]],
];

describe.each(callers)("called by $name", (caller) => {
  test.each(uses)("%s that is something else", async (_, wordsFor) => {
    for (const [name, make] of badFiles) {
      using directory = makeTempDir({ owner: caller });
      const path = make(directory);
      const ran = await cupel.run(caller, wordsFor(path));
      expect([name, ran.code, ran.stdout]).toEqual([name, 64, ""]);
      expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
      expect(ran.stderr).toContain(path);
      expect(ran.stderr).not.toMatch(/is a bug|\.ts:|bunfs/);
    }
  });

  test("a pipe that nobody writes to is not waited for", async () => {
    using directory = makeTempDir({ owner: caller });
    Bun.spawnSync(["mkfifo", "-m", "666", directory.at("pipe")]);
    for (const [, wordsFor] of uses) {
      const ran = await cupel.run(caller, wordsFor(directory.at("pipe")));
      expect(ran).toMatchObject({ code: 64, stdout: "" });
      expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
    }
  });

  test("standard input that is closed, or empty, is no report", async () => {
    for (const script of ['"$CUPEL" diff - here <&-', ': | "$CUPEL" diff - here']) {
      const ran = await cupel.shell(caller, script);
      expect(ran).toMatchObject({ code: 64, stdout: "" });
      expect(ran.stderr).toMatch(/^cupel: Standard input [^\n]+\n$/);
    }
  });

  test.each([
    [["check", "--require", "net.nono"], "did you mean net.none?"],
    [["check", "--capability", "kvm.rnu"], "did you mean kvm.run?"],
    [["check", "--capability", ""], '""'],
    [["check", "--min", "vmm"], "did you mean vm?"],
    [["check", "--strategy", "namespace"], "did you mean namespaces?"],
    [["check", "--fail-on", "all"], "--fail-on"],
    [["check", "--memory", "lots"], "--memory"],
    [["check", "net.none"], "net.none"],
    [["check", "--locked"], "cupel.lock.json"],
    [["lock", "--output", "/dev/null"], "/dev/null"],
    [["lock", "--output", "/"], "/"],
    [["lock", "--output", "/nowhere/at/all"], "/nowhere/at/all"],
    [["lock", "--output", ""], '""'],
    [["diff", "one"], "REPORT"],
    [["diff", "-", "-"], "once"],
    [["explain", "net.non"], "did you mean net.none?"],
    [["explain", "lsm:aparmor"], "did you mean lsm:apparmor?"],
    [["explain", "\u001b[31m"], "cupel explain lists everything"],
    [["explain", ""], '""'],
    [["schema", "polcy"], "did you mean policy?"],
    [["schema"], "NAME"],
  ] satisfies [string[], string][])("cupel %j", async (words, part) => {
    const ran = await cupel.run(caller, words);
    expect(ran).toMatchObject({ code: 64, stdout: "" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]+\n$/);
    expect(ran.stderr).toContain(part);
    expect(ran.stderr).not.toContain("\u001b");
  });
});
