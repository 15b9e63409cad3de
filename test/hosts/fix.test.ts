/** The block that `cupel doctor --fix` prints, pasted under a fabricated condition, makes the default job's demands hold. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { underConditions, type Condition, type ConditionWith } from "../support/condition.ts";
import { startDocker, type ContainerEngine } from "../support/container-engines.ts";
import { execute } from "../support/execute.ts";
import { holdConditions } from "../support/held-conditions.ts";
import { needs } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { strangerId } from "../support/run-real-probes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot, ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();
const tryAsRoot = needs(isRoot, "only root can make these hosts");
let docker: ContainerEngine;

beforeAll(async () => {
  if (isRoot) docker = await startDocker(dirname(cupel.path));
}, 30_000);

afterAll(async () => {
  if (isRoot) await docker[Symbol.asyncDispose]();
});

/** What a shell and its linter say of a block. */
async function expectShell(block: string): Promise<void> {
  using directory = makeTempDir();
  const file = directory.file("fix.sh", `#!/bin/sh\n${block}`);
  for (const words of [
    ["sh", "-n", file],
    ["shellcheck", file],
  ])
    expect(await execute(words)).toMatchObject({ code: 0, stdout: "", stderr: "" });
}

const quotas: readonly (readonly [string, readonly (Condition | ConditionWith)[]])[] = [
  ["a quota of no user namespaces", ["userns-quota"]],
  ["a quota of no network namespaces", [{ "namespace-quota": "net" }]],
  ["a quota of no process namespaces", [{ "namespace-quota": "pid" }]],
];

describe("pasted, it makes the default job run:", () => {
  for (const [name, conditions] of quotas) {
    tryAsRoot(name, async () => {
      await using host = await holdConditions(conditions, ["user"]);
      using state = makeTempDir({ owner: { uid: strangerId, gid: strangerId }, parent: "/var/tmp" });
      const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: state.path };
      const asUser = [...host.enter, ...underConditions([{ "as-user": strangerId }], [cupel.path])];
      const run = (words: readonly string[]) => execute(words, { cwd: "/", env });
      expect((await run([...asUser, "run", "--", "true"])).code).toBe(125);
      const { stdout: block, code } = await run([...asUser, "doctor", "--fix"]);
      expect(code).toBe(1);
      await expectShell(block);
      const user = underConditions([{ "as-user": strangerId }], [cupel.path]).join(" ");
      const words = ['sudo() { "$@"; }', `cupel() { ${user} "$@"; }`, block].join("\n");
      const pasted = await run([...host.enter, "sh", "-c", words]);
      expect(pasted).toMatchObject({ code: 0, stderr: "" });
      expect(pasted.stdout).toContain("all demanded guarantees hold");
      expect((await run([...asUser, "run", "--", "true"])).code).toBe(0);
      expect((await run([...asUser, "doctor", "--fix"])).stdout).toStartWith("# Nothing to do");
    });
  }

  tryAsRoot("Docker as it is: the block is for whoever starts the container", async () => {
    using files = makeTempDir({ owner: { uid: strangerId, gid: strangerId }, parent: "/var/tmp" });
    const flags = ["--user", `${strangerId}:${strangerId}`, "--env", `XDG_STATE_HOME=${files.path}`];
    const place = ["--volume", `${files.path}:${files.path}`];
    const doctor = (added: readonly string[], ...words: readonly string[]) =>
      docker.run([...flags, ...place, ...added], [cupel.path, "doctor", ...words], files.path);
    const { stdout: block, code } = await doctor([], "--fix");
    expect(code).toBe(1);
    await expectShell(block);
    // Nothing in it would be run in the container but the look afterwards.
    const active = block.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(active).toEqual(["(", "set -eu", "cupel doctor", ")"]);
    const outside = [...block.matchAll(/^# {3}(cupel doctor --container-profile .*)$/gmu)].map(([, line]) => line);
    expect(outside).toHaveLength(1);
    const made = await execute(["sh", "-euc", `cupel() { ${cupel.path} "$@"; }\n${outside.join("\n")}`], {
      cwd: files.path,
    });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const [, all = ""] = /^# All flags for the engine together: (.*)$/mu.exec(block) ?? [];
    const again = await doctor(all.split(" "), "--fix");
    const more = /^# All flags for the engine together: (.*)$/mu.exec(again.stdout)?.[1]?.split(" ") ?? [];
    const last = await doctor([...all.split(" "), ...more]);
    expect(last.stdout).toContain("all demanded guarantees hold");
    expect(last.code).toBe(0);
  });
});

describe.each(callers)("where nothing is missing, called by $name", (caller) => {
  test("it is one comment", async () => {
    const { stdout, code } = await cupel.run(caller, ["doctor", "--fix"]);
    expect({ stdout, code }).toEqual({ stdout: "# Nothing to do: all that is demanded holds here.\n", code: 0 });
  });
});

test("it is no other form at the same time", async () => {
  const ran = await cupel.run(ordinaryCaller, ["doctor", "--fix", "--json"]);
  expect(ran).toMatchObject({ code: 64, stdout: "" });
  expect(ran.stderr).toContain("--json and --fix cannot be given together");
});
