/** `cupel lock`, `check --locked` and `diff`: what changed on a host is told entry by entry, and nothing else is. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { buildCondition, underConditions } from "../support/condition.ts";
import type { Ran } from "../support/execute.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, isRoot, type Caller } from "../support/tester.ts";

const cupel = installCupel();
buildCondition();

function lastLine({ stdout }: Pick<Ran, "stdout">): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

function callIn(directory: TempDir, caller: Caller, ...words: readonly string[]): Promise<Ran> {
  return cupel.run(caller, words, { cwd: directory.path });
}

/** Without the limit of processor time: on a loaded machine a group may not get as much as it is limited to. */
function withoutProcessorLimit(text: string): string {
  return text.replace(/ {4}"cgroup\.cpu": \{[^}]*\},\n/, "").replaceAll(/ *"limit\.cpu",\n/g, "");
}

/** The same where unshare is denied. */
function deniedIn(directory: TempDir, caller: Caller, ...words: readonly string[]): Promise<Ran> {
  return cupel.outside(caller, underConditions(["unshare-denied"], [cupel.path, ...words]), { cwd: directory.path });
}

describe.each(callers)("a lock, called by $name", (caller) => {
  test("is kept by the same host, and is the same when it is made again", async () => {
    using directory = makeTempDir({ owner: caller });
    expect(await callIn(directory, caller, "lock")).toMatchObject({ code: 0, stderr: "" });
    const text = readFileSync(directory.at("cupel.lock.json"), "utf8");
    expect(readdirSync(directory.path)).toEqual(["cupel.lock.json"]);
    const ran = await callIn(directory, caller, "check", "--locked");
    expect(ran).toMatchObject({ code: 0, stderr: "", stdout: "check: passed: nothing differs from the lock\n" });
    await callIn(directory, caller, "lock", "--output", "other.json");
    const again = readFileSync(directory.at("other.json"), "utf8");
    expect(withoutProcessorLimit(again)).toBe(withoutProcessorLimit(text));
    expect(text).not.toContain(caller.home === "/" ? "\0" : caller.home);
    const shown = (await callIn(directory, caller, "lock", "-o", "-")).stdout;
    expect(withoutProcessorLimit(shown)).toBe(withoutProcessorLimit(text));
  });

  test("tells what is worse, why, and what changed on the host", async () => {
    using directory = makeTempDir({ owner: caller });
    await callIn(directory, caller, "lock");
    const ran = await deniedIn(directory, caller, "check", "--locked");
    expect(ran).toMatchObject({ code: 4, stderr: "" });
    const text = ran.stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain("namespaces: was available; is not available; worse");
    expect(text).toMatch(/ns\.network: was works; is blocked \(seccomp\); worse/);
    expect(text).toMatch(
      /Changed on the host since cupel\.lock\.json was written .*privilege Seccomp_filters: was \d+; is \d+\./,
    );
    expect(text).toMatch(/ check: drifted: \d+ entries differ from the lock \(\d+ worse[^)]*\) $/);
  });

  test("tells what is better, and that is drift too", async () => {
    using directory = makeTempDir({ owner: caller });
    await deniedIn(directory, caller, "lock");
    const ran = await callIn(directory, caller, "check", "--lock", "cupel.lock.json");
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain("namespaces: was not available; is available; better");
    expect(ran.stdout.replaceAll(/\s+/g, " ")).toMatch(/ check: drifted: [^()]*\([^)]*\d+ better[^)]*\) $/);
  });

  test("comes behind a demand that fails, and before one that holds", async () => {
    using directory = makeTempDir({ owner: caller });
    await callIn(directory, caller, "lock");
    expect((await deniedIn(directory, caller, "check", "--locked", "--require", "proc.hidden")).code).toBe(1);
    expect((await deniedIn(directory, caller, "check", "--locked", "--require", "env.clean")).code).toBe(4);
    expect((await callIn(directory, caller, "check", "--locked", "--require", "env.clean")).code).toBe(0);
  });
});

describe.each(callers)("diff, called by $name", (caller) => {
  test("tells two reports apart, from files, a pipe and standard input", async () => {
    using directory = makeTempDir({ owner: caller });
    directory.file("here.json", (await callIn(directory, caller, "doctor", "--json")).stdout);
    directory.file("denied.json", (await deniedIn(directory, caller, "doctor", "--json")).stdout);
    const same = await callIn(directory, caller, "diff", "here.json", "here.json");
    expect(same).toMatchObject({ code: 0, stderr: "" });
    expect(lastLine(same)).toBe("diff: same: no capability, strategy or guarantee differs");
    const ran = await callIn(directory, caller, "diff", "here.json", "denied.json");
    expect(ran).toMatchObject({ code: 1, stderr: "" });
    expect(ran.stdout).toContain("the default job: was namespaces; is refused; worse");
    expect(lastLine(ran)).toMatch(/^diff: \d+ entries differ \(\d+ worse/);
    const input = { cwd: directory.path, stdin: readFileSync(directory.at("denied.json")) };
    expect((await cupel.run(caller, ["diff", "here.json", "-"], input)).code).toBe(1);
    const piped = '"$CUPEL" diff here.json <(cat here.json)';
    expect(await cupel.outside(caller, ["bash", "-c", piped], { cwd: directory.path })).toMatchObject({ code: 0 });
    const now = await callIn(directory, caller, "diff", "--json", "here.json", "here");
    const told = JSON.parse(now.stdout) as { same: boolean; is: { name: string } };
    expect([now.code, told.is.name]).toEqual([told.same ? 0 : 1, "here"]);
  });
});

needs(isRoot, "not root, whose lock is compared with an ordinary user's host")(
  "a lock of root's differs for an ordinary user, and it is said who asks",
  async () => {
    using directory = makeTempDir();
    const [root, user] = callers;
    if (root === undefined || user === undefined) throw new Error("there are no two callers");
    await callIn(directory, root, "lock");
    const ran = await callIn(directory, user, "check", "--locked");
    expect(ran.code).toBe(4);
    expect(ran.stdout).toContain("caller: was root; is an ordinary user.");
  },
);
