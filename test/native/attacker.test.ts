/** The attacker's own ways: what it takes, what it tells, and that nothing that happens to an attack ends it. */
import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { attacks } from "../../src/verify/attacks.ts";
import { parseListedAttack } from "../support/attacker-lines.ts";
import {
  attack,
  freshToken,
  installAttacker,
  makePlaces,
  ordersOf,
  readTold,
  startVictim,
} from "../support/attacker.ts";
import { compileC } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller } from "../support/tester.ts";

const program = installAttacker();
const filterCall = compileC(join(import.meta.dir, "../support/filter-call.c"), { flags: ["-static"] });
const calls = process.arch === "x64" ? { clone: 56, linkat: 265 } : { clone: 220, linkat: 37 };
const asRoot = needs(isRoot, "only root changes its root");

async function give(input: string | Uint8Array): Promise<{ code: number | null; lines: string[] }> {
  const { code, stdout, stderr } = await execute([program], { stdin: input, env: {} });
  expect(stderr).toBe("");
  return { code, lines: stdout.split("\n").slice(1, -1) };
}

describe("attacker", () => {
  test("says which version it speaks, and ends with its input", async () => {
    const { code, stdout } = await execute([program], { env: {} });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `hello 1 ${process.arch}\n` });
  });

  test("lists what the table holds, in the order of the catalogue's groups", async () => {
    const { code, stdout } = await execute([program, "--list"], { env: {} });
    const listed = stdout.split("\n").slice(0, -1).map(parseListedAttack);
    expect(code).toBe(0);
    expect(listed.toSorted((a, b) => (a?.id ?? "").localeCompare(b?.id ?? ""))).toEqual(
      attacks.map(({ id, title, keys, optionalKeys }) => ({ id, title, keys, optionalKeys })),
    );
  });

  test.each<[string, string | Uint8Array, string]>([
    ["a word that it does not know", "go A01 100\n", "error 1 neither set nor run"],
    ["an empty line", "\n", "error 1 neither set nor run"],
    ["an attack that there is not", "set mark a\nrun A99 100\n", "error 2 no such attack"],
    ["an id that is cut", "run A0", "error 1 not a whole line"],
    ["an id that is too short", "run A0 100\n", "error 1 no such attack"],
    ["no deadline", "run A01\n", "error 1 no such attack"],
    ["a deadline of nothing", "run A01 0\n", "error 1 the deadline is no number of milliseconds from 1 to 600000"],
    [
      "a deadline that is no number",
      "run A01 1s\n",
      "error 1 the deadline is no number of milliseconds from 1 to 600000",
    ],
    ["a deadline beyond all", "run A01 600001\n", "error 1 the deadline is no number of milliseconds from 1 to 600000"],
    ["a key without a value", "set mark\n", "error 1 a key needs a value"],
    ["a key that is none", "set Mark a\n", "error 1 the key or its value is malformed"],
    ["a value of two words", "set mark a b\n", "error 1 the key or its value is malformed"],
    ["half an escape", "set mark a%2\n", "error 1 the key or its value is malformed"],
    ["an escaped NUL", "set mark a%00\n", "error 1 the key or its value is malformed"],
    ["a value beyond its room", `set mark ${"x".repeat(2048)}\n`, "error 1 there is no room for so much"],
    [
      "too many keys",
      Array.from({ length: 97 }, (_, at) => `set k${at} v\n`).join(""),
      "error 97 there is no room for so much",
    ],
    ["a line that does not end", "x".repeat(5000), "error 1 longer than 4096 bytes"],
    ["a NUL", new Uint8Array([115, 0, 10]), "error 1 not a whole line"],
  ])("refuses %s", async (_, input, error) => {
    expect(await give(input)).toEqual({ code: 64, lines: [error] });
  });

  test("refuses arguments that it does not know", async () => {
    const { code, stdout } = await execute([program, "--help"], { env: {} });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "error 0 --list, --identity, --victim or nothing\n" });
  });

  test("names the key that is missing", async () => {
    const { code, lines } = await give("run A09 1000\nset read-only-file /nothing\nrun A09 1000\n");
    const none = (key: string): string[] => ["start A09", `end A09 impossible key ${key} is missing`];
    expect({ code, lines }).toEqual({ code: 0, lines: [...none("read-only-file"), ...none("mark")] });
  });

  test("takes the last value of a key, decoded", async () => {
    using directory = makeTempDir();
    const path = directory.file("a b%c", "what it holds");
    const first = ordersOf([], { "home-file": "/nothing" });
    const { lines } = await give(`${first}${ordersOf(["A01"], { "home-file": path })}`);
    expect(lines).toContain("saw A01 home-file what%20it%20holds");
  });

  test("kills what does not end in time, and goes on", async () => {
    const keys = { "listen-port": "0", mark: "late" };
    const { code, stdout } = await execute([program], { stdin: ordersOf(["E14", "F06"], keys, 100), env: {} });
    const told = readTold(stdout);
    expect([code, told.ending("E14"), told.ending("F06")]).toEqual([0, "timeout", "attempted"]);
  });

  test("tells of a death by a filter, and goes on", async () => {
    using places = makePlaces(ordinaryCaller);
    const prefix = [filterCall, "kill", `${calls.linkat}`];
    const told = await attack(program, ordinaryCaller, ["A07", "A01"], places.keys, { prefix });
    const end = told.lines.find((line) => line.kind === "end");
    expect(end).toEqual({ kind: "end", id: "A07", ending: "crashed", words: "signal 31" });
    expect(told.saw("A01")).toEqual([places.token]);
  });

  test("attacks by itself where it can have no child, and says so", async () => {
    using places = makePlaces(ordinaryCaller);
    const prefix = [filterCall, "deny", `${calls.clone}`];
    const told = await attack(program, ordinaryCaller, ["A01", "F06"], places.keys, { prefix });
    expect(told.did("A01", "fork")).toEqual(["EPERM"]);
    expect([told.saw("A01"), told.ending("A01"), told.ending("F06")]).toEqual([
      [places.token],
      "attempted",
      "attempted",
    ]);
  });

  test("has its signals back where its caller ignores them", async () => {
    const words = ["sh", "-c", `trap '' ALRM CHLD TERM PIPE; exec ${program}`];
    const input = ordersOf(["E14", "F06"], { "listen-port": "0", mark: "late" }, 100);
    const told = readTold((await execute(words, { stdin: input })).stdout);
    expect([told.ending("E14"), told.ending("F06")]).toEqual(["timeout", "attempted"]);
  });

  asRoot("runs as the only file in its root, and tells there what it cannot find", async () => {
    using directory = makeTempDir();
    copyFileSync(program, directory.at("attacker"));
    chmodSync(directory.at("attacker"), 0o755);
    const keys = { "home-file": "/nothing", mark: "alone", "token-prefix": "cupel-canary-" };
    const ids = attacks.filter(({ keys: wanted }) => wanted.every((key) => key in keys)).map(({ id }) => id);
    // Not of a caller that could change the host: somebody without any right.
    const words = ["unshare", `--root=${directory.path}`, "--wd=/", "--setgid=61184", "--setuid=61184", "/attacker"];
    const { code, stdout } = await execute(words, { stdin: ordersOf(ids, keys), env: {}, deadlineMs: 60_000 });
    const told = readTold(stdout);
    expect(code).toBe(0);
    expect(ids.filter((id) => told.ending(id) !== "attempted")).toEqual([]);
    expect(told.did("A01", "home-file")).toEqual(["ENOENT"]);
    expect(told.facts("B08", "directory")).toEqual(["/"]);
  });
});

describe.each(callers)("the victim of $name", (caller) => {
  test("says where its token is, and holds it by its name", async () => {
    await using victim = await startVictim(program, caller);
    const { stdout } = await execute([...caller.prefix, "cat", `/proc/${victim.pid}/comm`]);
    expect(stdout).toBe(`${victim.token.slice(0, 15)}\n`);
    expect(await Bun.file(`/proc/${victim.pid}/fd/${victim.keys["victim-descriptor"]}`).text()).toBe(victim.token);
  });

  test("without a token is none", async () => {
    const { code, stdout } = await execute([...caller.prefix, program, "--victim"], { stdin: freshToken() });
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  });
});
