import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { chmodSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { relative } from "node:path";
import { createRealHost, findAlongPath } from "../../src/host/real-host.ts";
import { evaluate } from "../support/evaluate.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const host = createRealHost();
const mebibyte = 1024 * 1024;

describe("readBytes", () => {
  test("gives bytes as they are, and no more of them than of a text", () => {
    using directory = makeTempDir();
    const bytes = new Uint8Array([0, 255, 128, 10]);
    const answer = host.readBytes(directory.file("bytes", bytes));
    expect(answer.ok && [...answer.value]).toEqual([...bytes]);
    const huge = host.readBytes(directory.file("huge", "x".repeat(3 * mebibyte)));
    expect(huge.ok && huge.value.length).toBe(mebibyte);
    expect(host.readBytes("/nowhere")).toEqual({ ok: false, errno: "ENOENT" });
  });
});

describe("readText", () => {
  test("gives a file whole, also one of /proc that has no size", () => {
    using directory = makeTempDir();
    expect(host.readText(directory.file("text", "süß\n"))).toEqual({ ok: true, value: "süß\n" });
    expect(host.readText("/proc/self/comm").ok).toBeTrue();
    expect(statSync("/proc/self/status").size).toBe(0);
    const status = host.readText("/proc/self/status");
    expect(status.ok && status.value).toContain(`Pid:\t${process.pid}\n`);
  });

  test("gives what is longer than one read, in order", () => {
    using directory = makeTempDir();
    const text = Array.from({ length: 30_000 }, (_, line) => `line ${line}\n`).join("");
    expect(host.readText(directory.file("long", text))).toEqual({ ok: true, value: text });
  });

  test("cuts a huge file", () => {
    using directory = makeTempDir();
    const answer = host.readText(directory.file("huge", "x".repeat(3 * mebibyte)));
    expect(answer.ok && answer.value.length).toBe(mebibyte);
  });

  test("ends on a device that never does", async () => {
    const length = await evaluate(
      `(await import(src + "/host/real-host.ts")).createRealHost().readText("/dev/zero").value.length`,
    );
    expect(length).toBe(mebibyte);
  });

  test("does not wait for the other end of a FIFO", async () => {
    using directory = makeTempDir();
    const path = directory.at("fifo");
    execFileSync("mkfifo", [path]);
    const read = `(await import(src + "/host/real-host.ts")).createRealHost().readText(${JSON.stringify(path)})`;
    expect(await evaluate(read, { deadlineMs: 5000 })).toEqual({ ok: true, value: "" });
  });

  test("gives the errno of what cannot be read", () => {
    using directory = makeTempDir();
    symlinkSync("loop", directory.at("loop"));
    const paths = ["absent", "file/below", "", "loop"].map((name) => directory.at(name));
    directory.file("file");
    expect(paths.map((path) => host.readText(path))).toEqual([
      { ok: false, errno: "ENOENT" },
      { ok: false, errno: "ENOTDIR" },
      { ok: false, errno: "EISDIR" },
      { ok: false, errno: "ELOOP" },
    ]);
  });

  test("gives the errno of what the caller may not read", async () => {
    using directory = makeTempDir();
    const path = directory.file("secret", "s", 0o600);
    const read = `(await import(src + "/host/real-host.ts")).createRealHost().readText(${JSON.stringify(path)})`;
    chmodSync(path, 0);
    expect(await evaluate(read, { caller: ordinaryCaller })).toEqual({ ok: false, errno: "EACCES" });
  });
});

describe("list", () => {
  test("gives names sorted, hidden ones too", () => {
    using directory = makeTempDir();
    for (const name of ["b", "a", ".c"]) directory.file(name);
    expect(host.list(directory.path)).toEqual({ ok: true, value: [".c", "a", "b"] });
  });

  test("gives the errno of what is no directory", () => {
    expect(host.list("/proc/self/status")).toEqual({ ok: false, errno: "ENOTDIR" });
    expect(host.list("/no-such-directory")).toEqual({ ok: false, errno: "ENOENT" });
  });
});

describe("status", () => {
  test("gives every field of a file", () => {
    using directory = makeTempDir();
    const path = directory.file("file", "12345", 0o4750);
    const { uid, gid, ino, dev, rdev, mtimeMs } = statSync(path);
    expect(host.status(path)).toEqual({
      ok: true,
      value: {
        kind: "file",
        mode: 0o4750,
        uid,
        gid,
        sizeBytes: 5,
        modifiedMs: mtimeMs,
        inode: ino,
        device: dev,
        deviceNumber: rdev,
      },
    });
  });

  test("knows each kind", async () => {
    using directory = makeTempDir();
    execFileSync("mkfifo", [directory.at("fifo")]);
    symlinkSync("fifo", directory.at("link"));
    const server = createServer().listen(directory.at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const kinds = ["fifo", "link", "socket", ""].map((name) => {
      const answer = host.linkStatus(directory.at(name));
      return answer.ok && answer.value.kind;
    });
    server.close();
    expect(kinds).toEqual(["fifo", "symlink", "socket", "directory"]);
    const device = host.status("/dev/null");
    expect(device.ok && [device.value.kind, device.value.deviceNumber]).toEqual(["character-device", (1 << 8) | 3]);
  });

  test("follows a symlink, and linkStatus does not", () => {
    using directory = makeTempDir();
    directory.file("file", "123");
    symlinkSync("file", directory.at("link"));
    symlinkSync("nowhere", directory.at("dangling"));
    const [followed, itself] = [host.status(directory.at("link")), host.linkStatus(directory.at("link"))];
    expect([followed.ok && followed.value.kind, itself.ok && itself.value.kind]).toEqual(["file", "symlink"]);
    expect(host.status(directory.at("dangling"))).toEqual({ ok: false, errno: "ENOENT" });
    expect(host.readLink(directory.at("dangling"))).toEqual({ ok: true, value: "nowhere" });
    expect(host.readLink(directory.at("file"))).toEqual({ ok: false, errno: "EINVAL" });
    expect(host.realPath(directory.at("link"))).toEqual({ ok: true, value: realpathSync(directory.at("file")) });
    expect(host.realPath(directory.at("dangling"))).toEqual({ ok: false, errno: "ENOENT" });
  });
});

describe("findAlongPath", () => {
  test("gives every executable file of a name, in the order of PATH", () => {
    using directory = makeTempDir();
    directory.file("one/tool", "", 0o755);
    directory.file("two/tool", "", 0o755);
    directory.file("plain/tool", "", 0o644);
    directory.folder("folder/tool");
    const path = ["two", "plain", "folder", "absent", "one"].map((name) => directory.at(name)).join(":");
    expect(findAlongPath("tool", path)).toEqual([directory.at("two/tool"), directory.at("one/tool")]);
  });

  test("looks in no directory that is relative or empty", () => {
    const programs = relative(process.cwd(), "/bin");
    expect(statSync(`${programs}/sh`).isFile()).toBeTrue();
    expect(findAlongPath("sh", `${programs}::./${programs}:/bin:`)).toEqual(["/bin/sh"]);
  });
});

describe("createRealHost", () => {
  test("is this process's context", () => {
    const { platform, architecture, identity, directory } = host;
    expect({ platform, architecture, identity, directory }).toEqual({
      platform: process.platform,
      architecture: process.arch,
      identity: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, groups: process.getgroups?.() ?? [] },
      directory: process.cwd(),
    });
  });

  test("says / where the current directory is gone", async () => {
    using directory = makeTempDir();
    const gone = directory.folder("gone");
    const ask = `(process.chdir(${JSON.stringify(gone)}), require("node:fs").rmdirSync(${JSON.stringify(gone)}),
      (await import(src + "/host/real-host.ts")).createRealHost().directory)`;
    expect(await evaluate(ask)).toBe("/");
  });

  test("finds programs along the caller's PATH", async () => {
    using directory = makeTempDir();
    const tool = directory.file("tool", "", 0o755);
    const find = `(await import(src + "/host/real-host.ts")).createRealHost().findPrograms("tool")`;
    expect(await evaluate(find, { env: { PATH: `/bin:${directory.path}` } })).toEqual([tool]);
    expect(await evaluate(find, { env: { PATH: "" } })).toEqual([]);
  });

  test("runs a program", async () => {
    const result = await host.run("/bin/echo", ["hello"], { deadlineMs: 5000 });
    expect(result).toMatchObject({ status: "exited", code: 0, stdout: "hello\n", stderr: "" });
  });
});
