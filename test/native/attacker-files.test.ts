/** Attacks on files, without a sandbox: each gets through where whoever makes it may do what it does. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { attack, freshToken, installAttacker, makePlaces, startVictim, type AttackKeys } from "../support/attacker.ts";
import { compileC } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const program = installAttacker();
const giveCapability = compileC(join(import.meta.dir, "../support/give-capability.c"));
const asRoot = needs(isRoot, "only root can make these conditions");

/** What A10 leaves outside of the test's own places. */
const mark = `files-${Bun.randomUUIDv7().slice(-8)}`;
afterAll(() => {
  for (const place of ["/tmp", "/var/tmp", "/dev/shm"]) rmSync(`${place}/cupel-attack-${mark}`, { force: true });
});

describe.each(callers)("called by $name", (caller) => {
  test.each(["A01", "A03", "A04", "A05", "A06", "A07", "A21"])("%s reads the file", async (id) => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, [id], places.keys);
    expect([told.ending(id), new Set(told.saw(id).filter((value) => !value.startsWith("tries=")))]).toEqual([
      "attempted",
      new Set([places.token]),
    ]);
    expect(readdirSync(places.directory.at("scratch"))).toEqual([]);
  });

  test("A01 reads one in another place, too", async () => {
    using places = makePlaces(caller);
    const token = freshToken();
    const told = await attack(program, caller, ["A01"], {
      ...places.keys,
      "system-file": places.directory.file("other", token),
    });
    expect(told.saw("A01", "system-file")).toEqual([token]);
  });

  test("A02 reads the file below its own root and another process's", async () => {
    using places = makePlaces(caller);
    await using victim = await startVictim(program, caller);
    const told = await attack(program, caller, ["A02"], { ...places.keys, ...victim.keys });
    for (const channel of ["self-root", "thread-root", "victim-root", "self-cwd"])
      expect([channel, ...told.saw("A02", channel)]).toEqual([channel, places.token]);
  });

  test("A08 names the file by a handle", async () => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, ["A08"], places.keys);
    expect(told.saw("A08", "handle")[0]).toMatch(/^\d+:([0-9a-f]{2})+$/);
  });

  test("A15 tells which file it is, and what lies beside it", async () => {
    using places = makePlaces(caller);
    const beside = freshToken();
    places.directory.file(`home/${beside}`);
    const { dev, ino, size, mtimeMs } = statSync(places.directory.at("home/file"));
    const told = await attack(program, caller, ["A15"], places.keys);
    expect(told.facts("A15", "home-file")).toEqual([`${dev}:${ino}:${size}:${Math.floor(mtimeMs / 1000)}`]);
    expect(told.saw("A15", "entry")).toEqual([beside]);
  });

  test.each(["A09", "A11", "A16"])("%s changes the file's content", async (id) => {
    using places = makePlaces(caller);
    const before = readFileSync(places.directory.at("read-only"), "utf8");
    const told = await attack(program, caller, [id], { ...places.keys, mark });
    expect(told.ending(id)).toBe("attempted");
    const after = readFileSync(places.directory.at("read-only"), "utf8");
    expect(after).not.toBe(before);
    if (id !== "A11") expect(after).toStartWith(mark);
  });

  test("A10 makes files in every place", async () => {
    using places = makePlaces(caller);
    const marked = `${mark}-${caller.name}`;
    const told = await attack(program, caller, ["A10"], { ...places.keys, mark: marked });
    const left = told.saw("A10", "left");
    const directories = [places.directory.at("out"), places.directory.at("home"), "/tmp", "/var/tmp", "/dev/shm"];
    const paths = directories.map((path) => join(path, `cupel-attack-${marked}`));
    expect(left).toEqual(paths);
    expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(paths.map(() => marked));
    for (const path of paths) rmSync(path);
  });

  test("A12 moves the directory and makes another, A13 makes what was not there", async () => {
    using places = makePlaces(caller);
    places.directory.file("workspace/.git/config", "whole");
    const at = (name: string): string => places.directory.at(`workspace/${name}`);
    const keys: AttackKeys = {
      ...places.keys,
      mark,
      "protected-directory": at(".git"),
      "protected-names": `${at(".rc")}\n${at(".tool/hooks/a b")}`,
    };
    const told = await attack(program, caller, ["A12", "A13"], keys);
    expect(readFileSync(at(`.git-${mark}/config`), "utf8")).toBe("whole");
    expect(readdirSync(at(".git"))).toEqual([mark]);
    expect([".rc", ".tool/hooks/a b"].map((name) => readFileSync(at(name), "utf8"))).toEqual([mark, mark]);
    expect(told.saw("A13", "left")).toEqual([at(".rc"), at(".tool/hooks/a b")]);
  });

  test("A14 changes all that a file has besides its content", async () => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, ["A14"], places.keys);
    const { mode, mtimeMs, uid } = statSync(places.directory.at("read-only"));
    const owner = caller.uid === 0 ? 61184 : caller.uid;
    expect({ mode: mode & 0o777, mtimeMs, uid }).toEqual({ mode: 0o640, mtimeMs: 1000, uid: owner });
    expect(told.did("A14", "attribute")).toEqual(["ok"]);
  });

  test("A23, D11 and D13 use what they are told to, and leave nothing", async () => {
    using places = makePlaces(caller);
    const amounts: AttackKeys = { "disk-bytes": "1048576", "file-count": "50" };
    const told = await attack(program, caller, ["A23", "D11", "D13"], { ...places.keys, ...amounts });
    expect(["written-bytes", "files", "sparse-bytes"].flatMap((name) => told.facts("A23", name))).toEqual([
      "1048576",
      "50",
      String(2 ** 40),
    ]);
    expect(told.facts("D11", "allocated-bytes")).toEqual(["1048576"]);
    expect([...told.facts("D13", "files"), ...told.facts("D13", "levels")]).toEqual(["50", "3000"]);
    expect(readdirSync(places.directory.at("scratch"))).toEqual([]);
  });

  test("D13 leaves its tree where it is asked to", async () => {
    using places = makePlaces(caller);
    await attack(program, caller, ["D13"], { ...places.keys, "file-count": "5", "leave-tree": "yes" });
    const [made = ""] = readdirSync(places.directory.at("scratch"));
    expect(readdirSync(places.directory.at(`scratch/${made}`)).toSorted()).toEqual(["0", "1", "2", "3", "4", "d"]);
    await execute(["rm", "-r", places.directory.at("scratch")]);
  });
});

describe.each(rootCallers)("called by $name alone", (caller) => {
  test("A08 opens the file by its handle, and by one that was told", async () => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, ["A08"], places.keys);
    expect(told.saw("A08", "named")).toEqual([places.token]);
    const handle = told.saw("A08", "handle")[0] ?? "";
    const again = await attack(program, caller, ["A08"], { ...places.keys, "file-handle": handle });
    expect(again.saw("A08", "by-handle")).toContain(places.token);
  });

  test("A17 makes a mount writable again", async () => {
    using places = makePlaces(caller);
    const readOnly = places.directory.at("read-only");
    const prefix = ["unshare", "--mount", "sh", "-euc", 'mount --bind -o ro "$0" "$0"; exec "$@"', readOnly];
    const before = readFileSync(readOnly, "utf8");
    const untried = await attack(program, caller, ["A09"], { ...places.keys, mark }, { prefix });
    expect([untried.did("A09", "write"), readFileSync(readOnly, "utf8")]).toEqual([["EROFS"], before]);
    await attack(program, caller, ["A17"], { ...places.keys, mark }, { prefix });
    expect(readFileSync(readOnly, "utf8")).toBe(`${before}${mark}`);
  });

  test("A18 mounts over, and finds what a mount hid; the host's mounts stay as they were", async () => {
    using places = makePlaces(caller);
    const home = places.directory.at("home");
    const prefix = ["unshare", "--mount", "sh", "-euc", 'mount -t tmpfs none "$0"; exec "$@"', home];
    const mounts = readFileSync("/proc/self/mounts", "utf8");
    const untried = await attack(program, caller, ["A01"], places.keys, { prefix });
    expect(untried.saw("A01")).toEqual([]);
    const told = await attack(program, caller, ["A18"], places.keys, { prefix });
    expect(told.saw("A18", "unmasked")).toEqual([places.token]);
    expect(told.saw("A18", "gained")).toContain("a tmpfs mounted");
    expect(readFileSync("/proc/self/mounts", "utf8")).toBe(mounts);
    expect(readdirSync(places.directory.at("scratch"))).toEqual([]);
  });

  test("A19 mounts without a path", async () => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, ["A19"], places.keys);
    expect(told.saw("A19", "by-tree")).toContain(places.token);
    expect(told.saw("A19", "gained")).toContain("a file system of its own");
  });

  test("A20 makes a device and reads it", async () => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, ["A20"], places.keys);
    expect(told.saw("A20", "gained")).toContain("a device made and read: 1:5");
  });

  test("A21 leaves a changed root", async () => {
    using places = makePlaces(caller);
    using root = makeTempDir();
    copyFileSync(program, root.at("attacker"));
    chmodSync(root.at("attacker"), 0o755);
    root.folder("tmp");
    const prefix = ["unshare", `--root=${root.path}`, "--wd=/"];
    const keys = { "home-file": places.keys["home-file"] ?? "" };
    const told = await attack("/attacker", caller, ["A01", "A21"], keys, { prefix });
    expect([told.saw("A01"), told.saw("A21", "left-root")[0]]).toEqual([[], places.token]);
  });

  test("A24 writes back what is there", async () => {
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
    const told = await attack(program, caller, ["A24"], { mark });
    expect(told.saw("A24", "gained")).toContain("written: /proc/sys/kernel/core_pattern");
    expect(readFileSync("/proc/sys/kernel/core_pattern", "utf8")).toBe(pattern);
    expect(existsSync(`/proc/sys/fs/binfmt_misc/cupel-${mark}`)).toBe(false);
  });
});

describe("programs that give privileges", () => {
  async function identify(id: string, keys: AttackKeys, caller: Caller = ordinaryCaller): Promise<string[]> {
    return (await attack(program, caller, [id], keys)).saw(id, "gained");
  }

  asRoot("A22 is root by a set-user-id program, and by one of the host's", async () => {
    using directory = makeTempDir();
    copyFileSync(program, directory.at("set-user-id"));
    chownSync(directory.at("set-user-id"), 0, 0);
    chmodSync(directory.at("set-user-id"), 0o4755);
    const found = await identify("A22", { "setuid-file": directory.at("set-user-id") });
    expect(found[0]).toBe("another user's id: 0");
    expect(found.slice(1)).toContain("another user's id by /usr/bin/su");
    const prefix = ["setpriv", "--no-new-privs", "--"];
    const keys = { "setuid-file": directory.at("set-user-id") };
    const told = await attack(program, ordinaryCaller, ["A22"], keys, { prefix });
    expect(told.saw("A22", "gained")).toEqual([]);
  });

  asRoot("F07 has the capabilities of a file", async () => {
    using directory = makeTempDir();
    const path = directory.at("capable");
    copyFileSync(program, path);
    chmodSync(path, 0o755);
    expect((await execute([giveCapability, path])).code).toBe(0);
    expect(await identify("F07", { "capability-file": path })).toEqual(["capabilities by a file that has them"]);
    expect(await identify("F07", { "capability-file": program })).toEqual([]);
  });
});
