/** Which directory a job starts in, what of it the job can change, and whose files come out of that. */
import { describe, expect, test } from "bun:test";
import { chownSync, lstatSync, readFileSync, readdirSync, statSync } from "node:fs";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";

const cupel = installCupel();

/** Numbers of system calls that no program of the system makes; the others are the same everywhere. */
const calls = process.arch === "x64" ? { mknodat: 259 } : { mknodat: 33 };

function sinceLinux66<T>(rows: T[]): T[] {
  const [major = 0, minor = 0] = readFileSync("/proc/sys/kernel/osrelease", "utf8").split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 6) ? rows : [];
}

/** Everything that writing can be. */
const writes = [
  "echo changed > file",
  "echo more >> file",
  "echo new > made",
  "mkdir folder",
  "rm -f file",
  "mv file moved",
  "ln -s file link",
  "ln file hard",
  "touch -d 2001-01-01 file",
  "chmod 777 file",
  "truncate -s 0 file",
];

describe.each(callers)("the workspace, called by $name", (caller) => {
  test("is the current directory, which the job can read", async () => {
    using workspace = makeTempDir({ owner: caller, mode: 0o700 });
    workspace.file("inner/file", "content", 0o600);
    const ran = await cupel.run(caller, ["run", "--", "sh", "-c", "pwd; cat inner/file; ls -A ."], {
      cwd: workspace.path,
    });
    expect(ran).toMatchObject({ code: 0, stdout: `${workspace.path}\ncontentinner\n`, stderr: "" });
  });

  test.each(writes)("can be changed by default, and the host's file stays as it is: %s", async (write) => {
    using workspace = makeTempDir({ owner: caller });
    const file = workspace.file("file", "content", 0o644);
    const before = statSync(file);
    const ran = await cupel.run(caller, ["run", "--", "sh", "-c", write], { cwd: workspace.path });
    expect(ran.code).toBe(0);
    expect(readdirSync(workspace.path)).toEqual(["file"]);
    expect([readFileSync(file, "utf8"), statSync(file).mtimeMs, statSync(file).mode]).toEqual([
      "content",
      before.mtimeMs,
      before.mode,
    ]);
  });

  test.each(writes)("read-only, cannot be changed: %s", async (write) => {
    using workspace = makeTempDir({ owner: caller });
    const file = workspace.file("file", "content", 0o644);
    const before = statSync(file);
    const ran = await cupel.run(caller, ["run", "--workspace", "ro", "--", "sh", "-c", write], { cwd: workspace.path });
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain("Read-only file system");
    expect(readdirSync(workspace.path)).toEqual(["file"]);
    expect([readFileSync(file, "utf8"), statSync(file).mtimeMs, statSync(file).mode]).toEqual([
      "content",
      before.mtimeMs,
      before.mode,
    ]);
    const control = await cupel.outside(caller, ["sh", "-c", write], { cwd: workspace.path });
    expect(control.code).toBe(0);
  });

  test.each(writes)("written through, takes it: %s", async (write) => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("file", "content", 0o644);
    const ran = await cupel.run(caller, ["run", "--workspace", "rw", "--", "sh", "-c", write], { cwd: workspace.path });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    for (const name of readdirSync(workspace.path)) {
      const { uid, gid } = lstatSync(workspace.at(name));
      expect([name, uid, gid]).toEqual([name, caller.uid, caller.gid]);
    }
  });

  test.each([
    ["chmod", "cp /bin/true made; chmod 6755 made"],
    ["install", "install -m 6755 /bin/true made"],
    ["open", "perl -e 'use Fcntl; sysopen(my $f, q(made), O_CREAT | O_RDWR, 06755)'"],
    ["mkdir", "mkdir -m 2755 made"],
    ["mknod(2)", `perl -e '$p = "made"; syscall(${calls.mknodat}, -100, $p, 0104755, 0)'`],
    ["openat2(2)", `perl -e '$p = "made"; $h = pack("QQQ", 0101, 04755, 0); syscall(437, -100, $p, $h, 24)'`],
    ...sinceLinux66([
      ["fchmodat2(2)", `perl -e 'open F, ">made"; close F; $p = "made"; syscall(452, -100, $p, 04755, 0)'`],
    ]),
  ])("written through, gives nobody the caller's rights: %s", async (_name, write) => {
    using workspace = makeTempDir({ owner: caller });
    const bits = (): number =>
      readdirSync(workspace.path).includes("made") ? statSync(workspace.at("made")).mode & 0o6000 : 0;
    await cupel.run(caller, ["run", "--workspace", "rw", "--", "sh", "-c", write], { cwd: workspace.path });
    expect(bits()).toBe(0);
    await cupel.outside(caller, ["sh", "-c", `rm -rf made; ${write}`], { cwd: workspace.path });
    expect(bits()).not.toBe(0);
  });

  test("of its own alone with none: empty, writable, and gone afterwards", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("file", "content");
    const script = "ls -A; echo made > made; cat made; pwd";
    const ran = await cupel.run(caller, ["run", "--workspace", "none", "--", "sh", "-c", script], {
      cwd: workspace.path,
    });
    expect(ran).toMatchObject({ code: 0, stdout: "made\n/workspace\n", stderr: "" });
    expect(readdirSync(workspace.path)).toEqual(["file"]);
  });

  test.each([
    ["the home directory", caller.home],
    ["/", "/"],
    ["/tmp", "/tmp"],
    ["/home", "/home"],
    ["/usr", "/usr"],
    ["/proc", "/proc"],
  ])("is never %s unless named: the job starts in an empty one, and one line says so", async (_name, cwd) => {
    const ran = await cupel.run(caller, ["run", "--", "sh", "-c", "pwd; ls -A"], { cwd });
    expect(ran).toMatchObject({ code: 0, stdout: "/workspace\n" });
    expect(ran.stderr).toMatch(/^cupel: [^\n]* is not taken as the workspace[^\n]*\n$/);
    expect(ran.stderr).toContain(`${cwd} `);
    expect((await cupel.run(caller, ["run", "--workspace", "none", "--", "true"], { cwd })).stderr).toBe("");
  });

  test("is the caller's home where that is asked for", async () => {
    using home = makeTempDir({ owner: caller });
    home.file("file", "content");
    const options = { cwd: home.path, env: { HOME: home.path } };
    const ran = await cupel.run(caller, ["run", "--workspace", "ro", "--", "sh", "-c", "cat file"], options);
    expect(ran).toMatchObject({ code: 0, stdout: "content", stderr: "" });
  });

  test("reached through a symlink is what the link leads to", async () => {
    using workspace = makeTempDir({ owner: caller });
    workspace.file("real/file", "content");
    const script = 'ln -s real link && cd link && exec "$CUPEL" run -- sh -c "pwd; cat file"';
    const ran = await cupel.shell(caller, script, { cwd: workspace.path });
    expect(ran).toMatchObject({ code: 0, stdout: `${workspace.at("real")}\ncontent`, stderr: "" });
  });

  test("with a name that shells and mounts trip over", async () => {
    using base = makeTempDir({ owner: caller });
    const workspace = base.folder("a 'b\" $c \\d \u00e9\u{1f600}\ttab,comma=:");
    const ran = await cupel.run(caller, ["run", "--workspace", "rw", "--", "sh", "-c", "pwd; echo made > made"], {
      cwd: workspace,
    });
    expect(ran).toMatchObject({ code: 0, stdout: `${workspace}\n`, stderr: "" });
    expect(readdirSync(workspace)).toEqual(["made"]);
  });
});

describe.each(rootCallers)("a workspace of another's, called by root", (root) => {
  test("gets files of its owner, not of root", async () => {
    using workspace = makeTempDir({ owner: ordinaryCaller, mode: 0o700 });
    workspace.file("file", "content", 0o600);
    const script = "echo changed > file; echo new > made; mkdir folder; ln -s made link";
    const ran = await cupel.run(root, ["run", "--workspace", "rw", "--", "sh", "-c", script], { cwd: workspace.path });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    for (const name of ["file", "made", "folder", "link"]) {
      const { uid, gid } = lstatSync(workspace.at(name));
      expect([name, uid, gid]).toEqual([name, ordinaryCaller.uid, ordinaryCaller.gid]);
    }
  });

  test("shows files of others as nobody's, and lets them be", async () => {
    using workspace = makeTempDir({ owner: ordinaryCaller });
    const other = workspace.file("root-only", "secret", 0o600);
    chownSync(other, 0, 0);
    const script = "stat -c %U root-only; cat root-only; echo changed > root-only";
    const ran = await cupel.run(root, ["run", "--workspace", "rw", "--", "sh", "-c", script], { cwd: workspace.path });
    expect(ran.stdout).toBe("nobody\n");
    expect(ran.code).not.toBe(0);
    expect(readFileSync(other, "utf8")).toBe("secret");
  });
});
