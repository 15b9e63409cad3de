/** What is hidden in what a job is given. Every denial has its control: the same act in a job without it. */
import { describe, expect, test } from "bun:test";
import { renameSync, symlinkSync } from "node:fs";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { readTreeExactly } from "../support/tree.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

function makeProject(owner: Caller): TempDir {
  const directory = makeTempDir({ owner });
  directory.file("deep/secret", "secret");
  directory.file("vault/inner/key", "key");
  symlinkSync("deep/secret", directory.at("link"));
  symlinkSync("vault", directory.at("way"));
  return directory;
}

const modes = ["cow", "ro", "rw"] as const;

describe.each(callers)("what is denied, called by $name,", (caller) => {
  const script = `cat deep/secret link "/proc/self/root$PWD/deep/secret" "/proc/self/cwd/deep/secret" "$PWD/way/inner/key"
    ls vault; ls way; ls vault/inner; cd deep && cat secret; exec 3<secret && cat <&3; exit 0`;

  test.each(modes)("cannot be read by any of its names, in a workspace that is %s", async (mode) => {
    using project = makeProject(caller);
    const run = (...flags: string[]) =>
      cupel.run(caller, ["run", "--workspace", mode, ...flags, "--", "sh", "-c", script], { cwd: project.path });
    expect((await run()).stdout).toContain("secretsecretsecretsecretkey");
    const before = readTreeExactly(project.path);
    expect((await run("--deny", "link", "--deny", "vault")).stdout).toBe("");
    expect(readTreeExactly(project.path)).toEqual(before);
  });

  test.each(modes)("cannot be linked, removed, or uncovered by moving what holds it: %s", async (mode) => {
    using project = makeProject(caller);
    const acts = `ln deep/secret hard; rm -f deep/secret; mv deep/secret other; mv deep moved; mv vault moved-vault; rmdir vault
      cat hard deep/secret other moved/secret moved-vault/inner/key vault/inner/key; echo done`;
    const flags = ["--workspace", mode, "--deny", "deep/secret", "--deny", "vault"];
    const ran = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", `exec 2>/dev/null; ${acts}`], {
      cwd: project.path,
    });
    expect(ran.stdout).toBe("done\n");
    // In what is written through, a job may move what holds it.
    const moved = mode === "rw" ? "moved" : "deep";
    expect((await cupel.outside(caller, ["cat", `${moved}/secret`], { cwd: project.path })).stdout).toBe("secret");
  });

  test("is hidden from system calls, too", async () => {
    using project = makeProject(caller);
    const inner = project.at("vault/inner/key");
    const acts: Attempt[] = [
      ["read", inner],
      ["see", inner],
      ["write", inner],
      ["create", project.at("vault/new")],
    ];
    const options = { cwd: project.path };
    expect(await attempt.inside(caller, acts, ["--workspace", "rw"], options)).toEqual(acts.map(() => "ok"));
    expect(await attempt.inside(caller, acts, ["--workspace", "rw", "--deny", "vault"], options)).toEqual([
      "ENOENT",
      "ENOENT",
      "ENOENT",
      expect.stringMatching(/^(EROFS|EACCES)$/),
    ]);
  });

  test("is refused where a strategy could not hide it, and said in the plan where it is hidden", async () => {
    using project = makeProject(caller);
    const options = { cwd: project.path };
    const flags = ["--deny", "vault"];
    const weak = [...flags, "--strategy", "process", "--accept-missing", "all"];
    const refused = await cupel.run(caller, ["run", ...weak, "--", "cat", "vault/inner/key"], options);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 125, stdout: "" });
    expect(refused.stderr).toStartWith("cupel: refused: strategy process does not keep fs.read");
    const planned = await cupel.run(caller, ["plan", ...flags, "--", "true"], options);
    expect(planned.stdout).toContain(`\n    Hidden: ${project.at("vault")}.\n`);
  });

  test("in a project's file hides without being trusted", async () => {
    using project = makeProject(caller);
    project.file("cupel.yaml", "filesystem: {deny: [vault], tmpfs: [/scratch]}\n");
    const ran = await cupel.run(caller, ["run", "--", "sh", "-c", "ls vault /scratch"], { cwd: project.path });
    expect(ran).toMatchObject({ code: 2, stdout: "vault:\n" });
    expect(ran.stderr).toContain("can only ask for less: ");
    expect(ran.stderr).toContain("filesystem.tmpfs /scratch");
  });

  test("stays hidden in a layer, where the host puts another file in its place", async () => {
    using project = makeProject(caller);
    using signs = makeTempDir({ owner: caller });
    project.file("new", "new secret");
    const wait = `echo ready; while ! [ -e ${signs.at("go")} ]; do sleep 0.02; done; cat deep/secret; echo end`;
    const words = ["run", "--deny", "deep/secret", "--read", signs.path, "--", "sh", "-c", wait];
    await using running = cupel.start(caller, words, { cwd: project.path });
    await running.wrote("ready");
    renameSync(project.at("new"), project.at("deep/secret"));
    signs.file("go");
    expect(await running.ended).toMatchObject({ code: 0, stdout: "ready\nend\n" });
  });
});
