/** Files and private directories that a job is given at places of their own, and names that it may not change. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { readTreeExactly } from "../support/tree.ts";

const cupel = installCupel();

describe.each(callers)("called by $name,", (caller) => {
  test("files are there as they were written, and cannot be changed", async () => {
    using workspace = makeTempDir({ owner: caller });
    const odd = "é\n#!=\u{1f600}\\\"' ";
    workspace.file(
      "job.yaml",
      JSON.stringify({ command: ["sh", "-c", "cat /opt/odd; cat /etc/hosts /tmp/in"], files: { "/opt/odd": odd } }),
    );
    const words = ["run", "--file", "/etc/hosts=1 x\n", "--file", "/tmp/in=a=b\n", "job.yaml"];
    expect(await cupel.run(caller, words, { cwd: workspace.path })).toMatchObject({
      code: 0,
      stdout: `${odd}1 x\na=b\n`,
    });
    const acts = "echo x >/opt/odd; rm -f /opt/odd; mv /opt /other; ln -s x /opt/y; cat /opt/odd";
    const ran = await cupel.run(caller, ["run", "--file", `/opt/odd=${odd}`, "--", "sh", "-c", acts]);
    expect(ran.stdout).toBe(odd);
    expect(ran.stderr.split("\n").filter((line) => !line.includes("Read-only file system"))).toEqual([""]);
  });

  test("a flag's counts more than a job file's of the same place", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("job.yaml", "command: [cat, /opt/a, /opt/b]\nfiles: { /opt/a: one, /opt/b: two }\n");
    const words = ["run", "--file", "/opt/a=flag", "job.yaml"];
    expect(await cupel.run(caller, words, { cwd: workspace.path })).toMatchObject({ code: 0, stdout: "flagtwo" });
    const twice = await cupel.run(caller, ["run", "--file", "/opt/a=1", ...words.slice(1)], { cwd: workspace.path });
    expect(twice).toMatchObject({ code: 125, stderr: "cupel: --file /opt/a is given twice; give it once\n" });
  });

  test("nearly as much as a job file may be is taken", async () => {
    using workspace = makeTempDir({ owner: caller });
    const content = "0123456789abcdef".repeat(65_000);
    workspace.file("job.json", JSON.stringify({ command: ["sha256sum", "/a"], files: { "/a": content } }));
    const { stdout } = await cupel.run(caller, ["run", "job.json"], { cwd: workspace.path });
    expect(stdout).toBe(`${new Bun.CryptoHasher("sha256").update(content).digest("hex")}  /a\n`);
  });

  test("private directories have their sizes, and cover what lies below", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("cache/old", "old");
    const before = readTreeExactly(workspace.path);
    const flags = ["--tmpfs", "/scratch:1M", "--tmpfs", workspace.at("cache"), "--workspace", "rw"];
    const script = "ls cache; echo new >cache/new; cat cache/new; yes >/scratch/much";
    const ran = await cupel.run(caller, ["run", ...flags, "--", "sh", "-c", script], { cwd: workspace.path });
    expect(ran).toMatchObject({ code: 1, stdout: "new\n", stderr: expect.stringContaining("No space left on device") });
    expect(readTreeExactly(workspace.path)).toEqual(before);
  });

  test("what cannot be is refused in one sentence", async () => {
    const refused = await cupel.run(caller, ["run", "--file", "/usr/x=1", "--", "true"]);
    expect(refused).toMatchObject({
      code: 125,
      stdout: "",
      stderr:
        "cupel: --file /usr/x lies in /usr, which is the host's, and would have to be made there; take a path outside of what is shown of the host\n",
    });
    for (const [flag, path, around] of [
      ["--file", "/run/secrets/A=x", "/run/secrets"],
      ["--tmpfs", "/run/secrets", "/run/secrets"],
      ["--tmpfs", "/etc/passwd", "/etc/passwd"],
    ]) {
      const place = path?.split("=")[0];
      expect((await cupel.run(caller, ["run", flag ?? "", path ?? "", "--", "true"])).stderr).toBe(
        `cupel: ${flag} ${place} lies in ${around}, which is cupel's own in every job; take another path\n`,
      );
    }
  });
});

function makeRepository(owner: Caller): TempDir {
  const directory = makeTempDir({ owner });
  for (const name of [".git/config", ".git/hooks/pre-commit", ".envrc", "tools/run.sh"])
    directory.file(name, "before\n");
  return directory;
}

describe.each(callers)("protected names, called by $name,", (caller) => {
  const acts = `echo x >.git/config; echo x >.git/hooks/pre-commit; echo x >.git/hooks/new; echo x >.envrc; echo x >tools/run.sh
    mv .git .moved; mv tools moved; mv .git/config .git/other; rm -rf .git/hooks .envrc; ln .git/config link && echo x >link
    mkdir other && mv other .git; echo x >.git/HEAD; exit 0`;

  test("that exist in what is written through stay as they are, and where they are", async () => {
    using place = makeRepository(caller);
    const names = [".git/config", ".git/hooks/pre-commit", ".envrc", "tools/run.sh"];
    const contents = (): string[] => names.map((name) => readFileSync(place.at(name), "utf8").trim());
    const run = (...flags: string[]) =>
      cupel.run(caller, ["run", "--workspace", "rw", ...flags, "--", "sh", "-c", acts], { cwd: place.path });
    await run("--protect", "*.sh");
    expect(contents()).toEqual(names.map(() => "before"));
    // Nothing else is: the promise is about names that do not exist as well, and is not made.
    expect(readFileSync(place.at(".git/HEAD"), "utf8")).toBe("x\n");
    const planned = await cupel.run(caller, ["plan", "--workspace", "rw", "--", "true"], { cwd: place.path });
    expect(planned.stdout.replaceAll(/\s+/g, " ")).toContain(
      "written through (--workspace rw, --write): protected names that exist there are read-only, but the job can make those that do not",
    );
  });

  test("that are granted by name are the job's to change", async () => {
    using place = makeRepository(caller);
    const words = [
      "run",
      "--workspace",
      "rw",
      "--write",
      ".git",
      "--",
      "sh",
      "-c",
      "echo x >.git/config; mv .git/hooks .git/old",
    ];
    expect(await cupel.run(caller, words, { cwd: place.path })).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(place.at(".git/config"), "utf8")).toBe("x\n");
  });

  test("of the caller's own are not applied from a layer unless they are named", async () => {
    using place = makeRepository(caller);
    const words = ["run", "--workspace", "cow", "--protect", "tools/", "--apply", "on-success"];
    const ran = await cupel.run(caller, [...words, "--", "sh", "-c", "echo x >tools/new"], { cwd: place.path });
    expect(ran.stderr).toContain('refused "tools/new": other programs take orders from it; name it to have it applied');
    const id = /cupel apply (\w+)/.exec(ran.stderr)?.[1] ?? "";
    expect(await cupel.run(caller, ["apply", id, "tools/new"], { cwd: place.path })).toMatchObject({ code: 0 });
    expect(readFileSync(place.at("tools/new"), "utf8")).toBe("x\n");
  });
});
