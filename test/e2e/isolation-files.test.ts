/** What a job can read, change and, where it has a root of its own, see to exist. Every denial has its control: the same act without a sandbox. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { installCupel } from "../support/run-cli.ts";
import { denied, either, hasClosedSys, isUnit } from "../support/sandbox-on-trial.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers } from "../support/tester.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

/** The strategy that promises none of this: what it lets through shows that these tests can fail. */
const unprotected = ["--strategy", "process", "--accept-missing", "all"];

describe.each(callers)("files, called by $name", (caller) => {
  test("a file of the caller's own elsewhere is out of reach inside", async () => {
    using home = makeTempDir({ owner: caller, mode: 0o700, parent: caller.home });
    using shared = makeTempDir({ owner: caller, mode: 0o777 });
    using memory = makeTempDir({ owner: caller, mode: 0o777, parent: "/dev/shm" });
    const canaries = [home, shared, memory].map((directory) => directory.file("canary", "seen", 0o666));
    const acts: Attempt[] = canaries.flatMap((path): Attempt[] => [
      ["read", path],
      ["write", path],
      ["see", path],
      ["see", join(path, "..")],
      ["read", `/proc/self/root${path}`],
      ["read", `/proc/self/cwd/../../../../../..${path}`],
    ]);
    expect(await attempt.outside(caller, acts)).toEqual(acts.map(() => "ok"));
    expect(await attempt.inside(caller, acts, unprotected)).toEqual(acts.map(() => "ok"));
    expect(await attempt.inside(caller, acts)).toEqual(denied(acts));
  });

  test("there is no way around through the first process", async () => {
    const acts: Attempt[] = ["root", "cwd", "exe", "mem", "environ"].map((name) => ["read", `/proc/1/${name}`]);
    expect(await attempt.inside(caller, acts)).toEqual(acts.map(() => "EACCES"));
    // Root's own files of /proc are why root has to give fs.read up, and this directory is one: descriptors have names there.
    const listed = caller.uid === 0 ? "ok" : "EACCES";
    expect(await attempt.inside(caller, [["read", "/proc/1/fd"]])).toEqual([either("EACCES", listed)]);
    expect(await attempt.inside(caller, [["read", "/proc/1/fd/0"]])).toEqual(["EACCES"]);
  });

  test("homes, mail, logs and accounts of the host cannot be opened, and are not even seen in a root of its own", async () => {
    const paths = ["/root", "/etc/shadow", "/var/lib", "/var/log", "/boot", "/sys", "/mnt", "/opt"];
    // Not every host has it.
    paths.push(...either(["/etc/sudoers"], []));
    // What gVisor's kernel or a runtime has there of its own is taken off, and a directory is left that nobody may open.
    const left = (results: readonly string[], ofSystem: string): string[] =>
      results.map((result, index) => {
        if (paths[index] === "/root" && isUnit) return "ok";
        return paths[index] === "/sys" && hasClosedSys ? ofSystem : result;
      });
    const acts = paths.map((path): Attempt => ["see", path]);
    expect(await attempt.inside(caller, acts)).toEqual(left(denied(acts), "ok"));
    const openings = paths.map((path): Attempt => ["read", path]);
    expect(await attempt.inside(caller, openings)).toEqual(left(denied(openings), "EACCES"));
    const outside = await attempt.outside(caller, acts);
    for (const path of ["/root", "/etc/shadow", "/var/lib", "/sys"]) {
      expect([path, outside[acts.findIndex(([, seen]) => seen === path)]]).toEqual([path, "ok"]);
    }
  });

  test("nothing of the system can be changed", async () => {
    const places = ["/", "/usr", "/usr/bin", "/etc", "/home", "/run", "/var", "/dev", "/proc"];
    const acts: Attempt[] = places.map((place) => ["create", `${place}/cupel-canary`]);
    const results = await attempt.inside(caller, acts);
    const expected = places.map((place) => (place === "/proc" ? "ENOENT" : "EROFS"));
    // Permission is looked at before the read-only mount where the directory is another's.
    expect(results.map((result, index) => (result === "EACCES" ? expected[index] : result))).toEqual(expected);
    expect(
      await attempt.inside(caller, [
        ["write", "/usr/bin/env"],
        ["truncate", "/etc/passwd"],
      ]),
    ).toEqual([expect.stringMatching(/^(EROFS|EACCES)$/), expect.stringMatching(/^(EROFS|EACCES)$/)]);
  });

  test("the places that are the job's own take what it writes", async () => {
    const script = 'for place in "$HOME" "${TMPDIR:-/tmp}"; do echo mine >"$place/mine" && cat "$place/mine"; done';
    expect(await cupel.run(caller, ["run", "--", "sh", "-c", script])).toMatchObject({ stdout: "mine\nmine\n" });
    const acts: Attempt[] = ["/tmp", "/var/tmp", "/dev/shm"].map((place) => ["create", `${place}/mine`]);
    expect(await attempt.inside(caller, acts)).toEqual(acts.map(() => either("ok", "EACCES")));
    expect(
      await attempt.outside(caller, [
        ["see", "/dev/shm/mine"],
        ["see", "/tmp/mine"],
      ]),
    ).toEqual(["ENOENT", "ENOENT"]);
  });

  test("of /dev six harmless devices can be opened, and no more can be made", async () => {
    const find =
      'for entry in /dev/* /dev/pts/*; do [ ! -h "$entry" ] && [ -b "$entry" -o -c "$entry" ] && echo "$entry"; done';
    const make = 'cd "$HOME"; mknod disk b 254 0; mknod null c 1 3; exit 0';
    const inside = await cupel.run(caller, ["run", "--", "sh", "-c", `${find}; ${make}`]);
    // EPERM of the missing capability; where there is Landlock, its EACCES comes first.
    const no = "(?:Operation not permitted|Permission denied)";
    expect(inside.stderr).toMatch(new RegExp(`^mknod: disk: ${no}\nmknod: null: ${no}\n$`));
    const outside = (await cupel.shell(caller, find)).stdout.trim().split("\n");
    const names = ["full", "null", "random", "tty", "urandom", "zero"].map((name) => `/dev/${name}`);
    const seen = inside.stdout.trim().split("\n");
    // /dev cannot even be listed where it is the host's.
    const multiplexers = [...(isUnit ? ["/dev/ptmx"] : []), "/dev/pts/ptmx"];
    expect(seen.toSorted()).toEqual(either([...names, ...multiplexers].toSorted(), [""]));
    expect(outside.length).toBeGreaterThan(names.length + 1);
    const rest = outside.filter((path) => !names.includes(path));
    const openings = rest.map((path): Attempt => ["read", path]);
    const opened = await attempt.inside(caller, openings);
    // A pseudo-terminal of the job's own, where it has a /dev of its own.
    expect(rest.filter((path, index) => opened[index] === "ok" && !/^\/dev\/(?:pts\/)?ptmx$/.test(path))).toEqual([]);
    const harmless = names.filter((path) => path !== "/dev/tty").map((path): Attempt => ["read", path]);
    expect(await attempt.inside(caller, harmless)).toEqual(harmless.map(() => "ok"));
  });

  test("only the three standard streams are open", async () => {
    const script = `exec 7</etc/passwd 8<>/dev/null; exec "$CUPEL" run -- sh -c 'cd /proc/self/fd; echo *'`;
    const { stdout } = await cupel.shell(caller, script);
    // The shell's own glob opens the directory as one more.
    expect(
      stdout
        .trim()
        .split(" ")
        .map(Number)
        .filter((number) => number < 3),
    ).toEqual([0, 1, 2]);
    expect(stdout.trim().split(" ").length).toBeLessThanOrEqual(4);
    expect(stdout).not.toMatch(/\b[78]\b/);
  });
});

describe.each(rootCallers)("files that are root's own", (root) => {
  test("a file that only root may read is out of reach inside", async () => {
    const acts: Attempt[] = [
      ["read", "/etc/shadow"],
      ["read", "/proc/self/root/etc/shadow"],
      ["read", "/proc/self/root/../../etc/shadow"],
      ["see", "/etc/shadow"],
    ];
    expect(await attempt.outside(root, acts)).toEqual(acts.map(() => "ok"));
    expect(await attempt.inside(root, acts, unprotected)).toEqual(acts.map(() => "ok"));
    expect(await attempt.inside(root, acts)).toEqual(denied(acts));
    expect(await attempt.inside(root, [["read", "/proc/1/root/etc/shadow"]])).toEqual(["EACCES"]);
  });

  test("a root-owned file is written only if it was granted for that", async () => {
    using directory = makeTempDir();
    const path = directory.file("owned-by-root", "content", 0o600);
    const acts: Attempt[] = [
      ["read", path],
      ["write", path],
      ["truncate", path],
    ];
    expect(await attempt.inside(root, acts)).toEqual(denied(acts));
    const readOnly = either("EROFS", "EACCES");
    expect(await attempt.inside(root, acts, ["--read", path])).toEqual(["ok", readOnly, readOnly]);
    expect(await Bun.file(path).text()).toBe("content");
    expect(await attempt.inside(root, acts, ["--write", path])).toEqual(["ok", "ok", "ok"]);
    expect(await Bun.file(path).text()).toBe("");
  });
});
