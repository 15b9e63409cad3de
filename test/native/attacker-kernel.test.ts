/** Attacks on resources, shared objects, privileges and the kernel's surface, without a sandbox. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { attack, freshToken, installAttacker, makePlaces, ordersOf, startHolder } from "../support/attacker.ts";
import { compileC } from "../support/compile-c.ts";
import { openTerminal } from "../support/terminal.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers } from "../support/tester.ts";

const program = installAttacker();
const holdShared = compileC(join(import.meta.dir, "../support/hold-shared.c"), { flags: ["-static"] });
const filterCall = compileC(join(import.meta.dir, "../support/filter-call.c"), { flags: ["-static"] });
const isX64 = process.arch === "x64";

describe.each(callers)("called by $name", (caller) => {
  test("D01 and D02 start as many as they are told to", async () => {
    const told = await attack(program, caller, ["D01", "D02"], { "process-count": "40" });
    expect([told.facts("D01", "processes"), told.facts("D02", "threads")]).toEqual([["40"], ["40"]]);
  });

  test("D01 tells how far it came where there is a cap", async () => {
    const prefix = ["setpriv", "--reuid=61190", "--regid=61190", "--clear-groups", "prlimit", "--nproc=8"];
    const own = caller.uid === 0 ? prefix : ["prlimit", "--nproc=1"];
    const told = await attack(program, caller, ["D01"], { "process-count": "40" }, { prefix: own });
    expect(Number(told.facts("D01", "processes")[0] ?? "0")).toBeLessThan(8);
  });

  test("D03 to D05 use as much memory as they are told to", async () => {
    const bytes = 32 * 2 ** 20;
    const told = await attack(program, caller, ["D03", "D04", "D05"], { "memory-bytes": `${bytes}` });
    expect(told.facts("D03", "touched-bytes")).toEqual([`${bytes}`]);
    expect(Number(told.facts("D04", "touched-bytes")[0])).toBeGreaterThanOrEqual(bytes);
    for (const kind of ["memfd", "shm"]) expect(told.facts("D05", `${kind}-bytes`)).toEqual([`${bytes / 2}`]);
    for (const kind of ["pipe", "socket"])
      expect(Number(told.facts("D05", `${kind}-bytes`)[0])).toBeGreaterThan(2 ** 20);
  });

  test("D06, D07 and D09 tell what they used", async () => {
    const keys = { "memory-bytes": "8388608", "spin-ms": "100", "cpu-count": "2", "descriptor-count": "100" };
    const told = await attack(program, caller, ["D06", "D07", "D09"], keys);
    expect(Number(told.facts("D07", "cpu-ms")[0])).toBeGreaterThan(0);
    expect(told.facts("D09", "descriptors")).toEqual(["100"]);
    expect(told.did("D06", "look")).toEqual(["ok"]);
  });

  test("D07 tells of no more time than one processor has, however many share it", async () => {
    const prefix = ["taskset", "--cpu-list", "0"];
    const told = await attack(program, caller, ["D07"], { "spin-ms": "400", "cpu-count": "6" }, { prefix });
    const [cpuMs, wallMs] = ["cpu-ms", "wall-ms"].map((name) => Number(told.facts("D07", name)[0]));
    // A moment at each turn's edge may be two processes' own.
    expect(cpuMs).toBeLessThan(1.1 * (wallMs ?? 0));
  });

  test.if(isX64)("F01 reads the file and makes a namespace by the 32-bit door", async () => {
    using places = makePlaces(caller);
    const told = await attack(program, caller, ["F01"], places.keys);
    expect(told.saw("F01", "int-0x80")).toEqual([places.token]);
  });

  test("F02 makes a namespace with high bits set", async () => {
    const told = await attack(program, caller, ["F02"], {});
    expect(told.saw("F02", "gained")).toContain("memory that is executable where it is readable");
  });

  test("F03 uses keys, and F05 has executable memory", async () => {
    const told = await attack(program, caller, ["F03", "F05"], {});
    expect(told.saw("F03", "gained")).toContain("used: add-key");
    expect(told.saw("F05", "gained")).toContain("memory that is executable where it is readable");
    expect(told.did("F03", "kexec")).not.toEqual(["ok"]);
  });

  test("F06 tells what it holds, and no more than that in a container of privileges", async () => {
    const told = await attack(program, caller, ["F06"], {}, { prefix: ["setpriv", "--no-new-privs", "--"] });
    expect(told.facts("F06", "uid")).toEqual([`${caller.uid}`]);
    expect(told.facts("F06", "no-new-privs")).toEqual(["1"]);
    const none = await attack(program, caller, ["F06"], {});
    expect(none.facts("F06", "no-new-privs")).toEqual(["0"]);
    const hasAll = none.facts("F06", "effective")[0] !== "0000000000000000";
    expect(hasAll).toBe(caller.uid === 0);
  });

  test("F08 restricts itself further", async () => {
    const told = await attack(program, caller, ["F08"], {});
    for (const name of ["landlock", "seccomp", "threads"])
      expect([name, ...told.facts("F08", name)]).toEqual([name, "1"]);
  });

  test("F10 finds tokens in all that is shared, and writes to it", async () => {
    const [number, name, token] = [String(0x10000000 + process.pid), `/cupel-${process.pid}`, freshToken()];
    await using held = await startHolder([...caller.prefix, holdShared, number, name, token]);
    const keys = { "shm-key": number, "msg-key": number, "mq-name": name, "keyring-description": name };
    const told = await attack(program, caller, ["F10"], { ...keys, mark: "met" });
    expect(told.saw("F10", "segment")[0]).toStartWith(token);
    expect([told.saw("F10", "queue"), told.saw("F10", "named-queue")]).toEqual([[token], [token]]);
    expect(told.saw("F10", "key")).toContain(token);
    expect(await held.end()).toBe("ready\nmet\n");
  });

  test("F04 tells that there is no terminal", async () => {
    const told = await attack(program, caller, ["F04"], { tty: "own" }, { prefix: ["setsid", "--wait"] });
    expect(told.ending("F04")).toBe("impossible");
  });
});

describe.each(rootCallers)("called by $name alone", (caller) => {
  test("F03 uses all that it tries", async () => {
    const told = await attack(program, caller, ["F03"], {});
    const used = ["bpf", "perf-event", "userfaultfd", "fanotify", "add-key"].map((name) => `used: ${name}`);
    expect(told.saw("F03", "gained")).toEqual(expect.arrayContaining(used));
    const denied = await attack(
      program,
      caller,
      ["F03"],
      {},
      {
        prefix: [filterCall, "deny", isX64 ? "321" : "280"],
      },
    );
    expect(denied.saw("F03", "gained")).not.toContain("used: bpf");
  });

  test("D12 raises what it wants", async () => {
    const told = await attack(program, caller, ["D12"], {});
    expect(told.saw("D12", "gained")).toEqual(
      expect.arrayContaining(["a priority above others", "real-time input and output"]),
    );
    expect(told.facts("D12", "locked-bytes")).toEqual([`${16 * 2 ** 20}`]);
  });

  test("F11 opens devices", async () => {
    const told = await attack(program, caller, ["F11"], {});
    expect(told.saw("F11", "gained").length).toBeGreaterThan(0);
  });

  test("F04 pushes its mark into the terminal that it is on", async () => {
    using directory = makeTempDir();
    const orders = directory.file("orders", ordersOf(["F04"], { tty: "own", mark: "pushed-in" }));
    const script = `${program} < ${orders} > ${directory.at("told")}; read -r line; echo "had $line"`;
    await using session = openTerminal(["bash", "-c", script], { env: { PATH: process.env["PATH"] ?? "" } });
    await session.shows("pushed-in");
    session.type("\r");
    expect(await session.shows("had pushed-in")).toContain("had pushed-in");
    expect(await Bun.file(directory.at("told")).text()).toContain("saw F04 gained input%20pushed%20into");
  });
});
