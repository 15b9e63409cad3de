/** The command of the README's first screen: what a job sees when it looks around. */
import { beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Ran } from "../support/execute.ts";
import { installCupel } from "../support/run-cli.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

/** The issue's own line, with a mark between its parts, and whichever of the alternatives the machine has. */
const script = [
  "id",
  "ls /",
  "cat /proc/self/status",
  "ip link || ls /sys/class/net",
  "ls -A ~",
  "ps ax || ls /proc",
  "cat /proc/net/dev",
  "ls /proc | grep -E '^[0-9]+$' | tr '\\n' ' '",
].join("; echo ------; ");

/** What a root of the host's system directories and a workspace may hold. */
const knownEntries = [
  "bin",
  "dev",
  "etc",
  "home",
  "lib",
  "lib32",
  "lib64",
  "libx32",
  "proc",
  "run",
  "sbin",
  "tmp",
  "usr",
  "var",
];

function field(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1]?.trim();
}

function interfaces(devices: string): string[] {
  return Array.from(devices.matchAll(/^\s*([^\s:]+):/gm), (match) => match[1] ?? "");
}

describe.each(callers)("a job of $name", (caller) => {
  const canary = join(caller.home, `.cupel-canary-${process.pid}`);
  let inside: Ran;
  let parts: string[];
  let outside: string[];

  beforeAll(async () => {
    writeFileSync(canary, "seen");
    try {
      inside = await cupel.run(caller, ["run", "--", "sh", "-c", script]);
      outside = (await cupel.shell(caller, script)).stdout.split("------\n");
    } finally {
      rmSync(canary);
    }
    parts = inside.stdout.split("------\n");
  });

  test("ends well, with nothing of cupel's own on either stream", () => {
    expect(inside).toMatchObject({ code: 0, stderr: "" });
    expect(parts).toHaveLength(8);
  });

  test("is an ordinary user", () => {
    expect(parts[0]).toBe("uid=1000(job) gid=1000(job) groups=1000(job)\n");
    expect(outside[0]).toContain(`uid=${caller.uid}(${caller.name})`);
  });

  test("sees the system's directories and its workspace, and nothing else of /", () => {
    const workspaceRoot = cupel.workspace(caller).split("/")[1] ?? "";
    const entries = (parts[1] ?? "").trim().split("\n");
    const strange = entries.filter((entry) => !knownEntries.includes(entry) && entry !== workspaceRoot);
    expect(strange).toEqual([]);
    expect(readdirSync("/").filter((entry) => !entries.includes(entry))).toContain("root");
  });

  test("holds no capability, cannot gain one, and is filtered", () => {
    const status = parts[2] ?? "";
    const none = "0000000000000000";
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
      expect([set, field(status, set)]).toEqual([set, none]);
    expect(field(status, "NoNewPrivs")).toBe("1");
    expect(field(status, "Seccomp")).toBe("2");
    expect(field(status, "Uid")).toBe("1000\t1000\t1000\t1000");
    // An ordinary user's own group cannot be given up in a user namespace (user_namespaces(7)).
    expect(field(status, "Groups")).toBe(caller.uid === 0 ? "" : "1000");
    expect(field(outside[2] ?? "", "CapBnd")).not.toBe(none);
    expect(field(outside[2] ?? "", "NoNewPrivs")).toBe("0");
    expect(field(outside[2] ?? "", "Seccomp")).toBe("0");
  });

  test("has a loopback and no other interface", () => {
    expect(interfaces(parts[6] ?? "")).toEqual(["lo"]);
    expect(parts[3]).toMatch(/\blo\b/);
    expect(parts[3]).not.toMatch(/\beth\d|\bens?\d/);
    expect(interfaces(outside[6] ?? "")).not.toEqual(["lo"]);
  });

  test("has an empty home of its own", () => {
    expect(parts[4]).toBe("");
    expect(outside[4]).toContain(".cupel-canary");
  });

  test("sees no process but its own", () => {
    const pidsOf = (text = ""): number[] =>
      text
        .trim()
        .split(" ")
        .map(Number)
        .sort((one, other) => one - other);
    const pids = pidsOf(parts[7]);
    // The first process, the shell, and what the pipeline is made of.
    expect(pids.slice(0, 2)).toEqual([1, 2]);
    expect(pids.length).toBeLessThanOrEqual(5);
    expect(pids).not.toContain(process.pid);
    expect(pidsOf(outside[7])).toContain(process.pid);
  });
});
