/** Attacks on processes and on what can be known, without a sandbox. */
import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, readlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import {
  attack,
  freshToken,
  installAttacker,
  makePlaces,
  ordersOf,
  readTold,
  startHolder,
  startVictim,
  tokenPrefix,
} from "../support/attacker.ts";
import { execute } from "../support/execute.ts";
import { isAlive, statusField } from "../support/processes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const program = installAttacker();

describe.each(callers)("called by $name", (caller) => {
  test("B01, B02 and B06 find a process and all that it holds", async () => {
    await using victim = await startVictim(program, caller);
    const token = freshToken();
    await using other = await startHolder([...caller.prefix, "sh", "-c", "echo ready; cat", token]);
    const told = await attack(program, caller, ["B01", "B02", "B06"], victim.keys);
    expect(told.saw("B01", "victim")).toEqual([victim.token.slice(0, 15)]);
    expect(told.saw("B01", "name")).toContain(victim.token.slice(0, 15));
    expect(told.saw("B02", "environment")).toEqual([victim.token]);
    expect(told.saw("B02", "descriptor")).toEqual([victim.token]);
    expect(told.saw("B02", "memory")[0]).toStartWith(`${victim.token}\0`);
    expect(told.saw("B02", "gained")).toEqual(["another process's map of its memory"]);
    expect(told.saw("B06", "arguments")).toContain(token);
    expect(told.saw("B06", "environment")).toContain(victim.token);
    await other.end();
  });

  test("B05 and B07 tell variables and descriptors", async () => {
    const told = await attack(program, caller, ["B05"], {}, { env: { A: "1", TOKEN: "b c" } });
    expect(told.saw("B05", "variable").filter((one) => !one.startsWith("PWD="))).toEqual(["A=1", "TOKEN=b c"]);
    const words = [...caller.prefix, "sh", "-c", `exec ${program} 5</ 6</etc/passwd`];
    const descriptors = readTold((await execute(words, { stdin: ordersOf(["B07"], {}) })).stdout).facts(
      "B07",
      "descriptor",
    );
    const kinds = descriptors.map((text) => text.split(":").slice(0, 2).join(" "));
    expect(kinds.filter((kind) => Number.parseInt(kind, 10) > 2)).toEqual(["5 directory", "6 file"]);
  });

  test("A21 reads the file below a directory that it inherits", async () => {
    using places = makePlaces(caller);
    const words = [...caller.prefix, "sh", "-c", `exec ${program} 5</`];
    const told = readTold((await execute(words, { stdin: ordersOf(["A21"], places.keys) })).stdout);
    expect(told.saw("A21", "by-inherited")).toEqual([places.token]);
  });

  test("B08 and B10 tell where it is", async () => {
    const told = await attack(program, caller, ["B08", "B10"], {});
    expect(told.facts("B08", "directory")).toEqual(["/"]);
    expect(told.facts("B10", "host-name")).toEqual([hostname()]);
    expect(told.facts("B10", "boot-id")).toEqual([readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()]);
  });

  test("B13 finds what an earlier one left, until it is cleaned", async () => {
    const mark = `residue-${Bun.randomUUIDv7().slice(-8)}`;
    const told = async (residue: string): Promise<string[]> =>
      (await attack(program, caller, ["B13"], { mark, residue })).saw("B13", "gained");
    expect(await told("find")).toEqual([]);
    await told("leave");
    const places = ["/tmp", "/var/tmp", "/dev/shm", "shared memory", "a message queue", "a named queue", "the keyring"];
    expect(await told("find")).toEqual(places.map((place) => `what was left in ${place}`));
    await told("clean");
    expect(await told("find")).toEqual([]);
  });

  test("C01 signals the process, its group and everybody", async () => {
    await using victim = await startVictim(program, caller);
    await attack(program, caller, ["C01"], victim.keys);
    const [urgent, window, user1, user2, end] = [23, 28, 10, 12, 15];
    const all = [urgent, window, user1, user2, end].map((number) => `signal ${number}\n`);
    await until("the victim has all signals", () => all.every((line) => victim.stdout().includes(line)));
    expect(isAlive(victim.pid)).toBe(true);
  });

  test("C02 to C04 trace the process, read and change its memory, and take its descriptor", async () => {
    await using victim = await startVictim(program, caller);
    const told = await attack(program, caller, ["C02", "C03", "C04"], victim.keys);
    expect(told.saw("C02", "gained")).toContain("traced: victim");
    expect(told.saw("C02", "peeked")[0]).toStartWith(victim.token);
    expect(told.saw("C03", "memory")[0]).toStartWith(`${victim.token}\0`);
    expect(told.saw("C04", "descriptor")).toEqual([victim.token]);
    expect(await until("the victim sees a change", () => victim.stdout().endsWith("changed\n"))).toBe(true);
    expect(statusField(victim.pid, "TracerPid")).toBe("0");
  });

  test("C06 makes a user namespace by each way that there is", async () => {
    const gained = (await attack(program, caller, ["C06"], {})).saw("C06", "gained");
    const ways = ["by unshare: user", "by clone", "by clone3"].map((way) => `a namespace ${way}`);
    expect(gained).toEqual(expect.arrayContaining(ways));
  });

  test("C07 leaves a process behind, for as long as it was told", async () => {
    const mark = `on-${Bun.randomUUIDv7().slice(-8)}`;
    const told = await attack(program, caller, ["C07"], { mark, "daemon-seconds": "2" });
    const pid = Number(told.saw("C07", "left")[0]);
    expect(readFileSync(`/proc/${pid}/comm`, "utf8")).toBe(`${mark}\n`);
    await until("the process ends by itself", () => !isAlive(pid));
  });

  test("C08 stops and kills whoever it is told to", async () => {
    await using victim = await startVictim(program, caller);
    const told = await attack(program, caller, ["C08"], { "supervisor-pid": `${victim.pid}` });
    expect(told.did("C08", "kill")).toEqual(["ok"]);
    await until("the victim is gone", () => !isAlive(victim.pid));
    expect(victim.stdout()).toContain("signal 18\n");
  });

  test("C12 leaves orphans to whoever is the first process", async () => {
    const keys = { "process-count": "20" };
    const found = await attack(program, caller, ["C12"], keys);
    expect(found.facts("C12", "orphans")).toEqual(["20"]);
    const prefix = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    const alone = await attack(program, caller, ["C12"], keys, { prefix });
    expect(alone.facts("C12", "zombies")).toEqual(["20"]);
  });

  test("C14 writes to a program that has ended, by a handle from when it ran", async () => {
    using directory = makeTempDir({ owner: caller });
    const copy = directory.file("copy", readFileSync(program), 0o755);
    await using victim = await startVictim(copy, caller);
    const keys = { "exe-pid": `${victim.pid}`, "exe-file": copy, mark: "into-the-program" };
    await attack(program, caller, ["C14"], keys);
    expect(readFileSync(copy).toString("latin1")).toEndWith("into-the-program");
    expect(readFileSync(program).toString("latin1")).not.toContain("into-the-program");
  });

  test("C14 leaves another program than the one that was named alone", async () => {
    await using victim = await startVictim(program, caller);
    await attack(program, caller, ["C14"], { "exe-pid": `${victim.pid}`, "exe-file": "/other", mark: "into-it" });
    expect(isAlive(victim.pid)).toBe(true);
  });
});

describe.each(rootCallers)("called by $name alone", (caller) => {
  test("B03 and B04 read what the kernel tells", async () => {
    const token = freshToken();
    const log = openSync("/dev/kmsg", "w");
    writeSync(log, `${token}\n`);
    closeSync(log);
    const told = await attack(program, caller, ["B03", "B04"], {});
    expect(told.saw("B03", "gained")).toContain("addresses of the kernel");
    expect(told.saw("B04", "gained")).toContain("the kernel's log by syslog(2)");
    expect(told.saw("B04").filter((value) => !value.startsWith(tokenPrefix))).toEqual([
      "the kernel's log by syslog(2)",
      "the kernel's log by /dev/kmsg",
    ]);
  });

  test("B09 finds a token among the mounts", async () => {
    using directory = makeTempDir();
    const token = freshToken();
    const place = directory.folder(token);
    const prefix = ["unshare", "--mount", "sh", "-euc", 'mount --bind "$0" "$0"; exec "$@"', place];
    const told = await attack(program, caller, ["B09"], {}, { prefix });
    expect(told.saw("B09", "mountinfo")).toContain(token);
  });

  test("B11 and B12 make a control group and set what is set, and change nothing", async () => {
    const told = await attack(program, caller, ["B11", "B12"], { mark: "groups" });
    expect(told.saw("B11", "gained").length).toBeGreaterThan(0);
    expect(told.saw("B12", "gained")).toEqual(["the clock adjusted"]);
    expect(told.facts("B12", "settable-name")).toEqual([readlinkSync("/proc/self/ns/uts")]);
    const found = await execute(["find", "/sys/fs/cgroup", "-name", "cupel-attack-groups"]);
    expect(found.stdout).toBe("");
  });

  test("C05 enters a process's namespaces, and reads what is there", async () => {
    using places = makePlaces(caller);
    using own = makeTempDir();
    const token = freshToken();
    const hidden = places.directory.at("home");
    own.file("file", token);
    const words = ["unshare", "--mount", "sh", "-euc", 'mount --bind "$1" "$0"; shift; exec "$@"', hidden, own.path];
    const inside = { ...caller, prefix: words };
    await using victim = await startVictim(program, inside);
    const told = await attack(program, caller, ["C05"], { ...places.keys, ...victim.keys });
    expect(told.saw("C05", "gained")).toContain("another process's namespace: mnt");
    expect(told.saw("C05", "home-file")).toContain(token);
  });

  test("F09 reads the first process", async () => {
    const prefix = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", '"$@"; :', "sh"];
    const told = await attack(program, caller, ["F09"], {}, { prefix });
    expect(told.saw("F09", "gained")).toContain("read: /proc/1/maps");
  });
});
