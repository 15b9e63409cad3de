/** `cupel explain` and `cupel schema`, as they are called. */
import { describe, expect, test } from "bun:test";
import { buildCondition, underConditions } from "../support/condition.ts";
import { installCupel } from "../support/run-cli.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();
buildCondition();

describe.each(callers)("explain, called by $name", (caller) => {
  test("of a capability says what it is, how it is measured, what needs it and what it comes to", async () => {
    const { code, stdout, stderr } = await cupel.run(caller, ["explain", "ns.network"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith("ns.network (capability)\n");
    const text = stdout.replaceAll(/\s+/g, " ");
    for (const part of [
      "Measured by the probe namespaces: ",
      "Strategy namespaces",
      "[ns.network]: works",
      "Seen: ",
      "From report ",
    ])
      expect(text).toContain(part);
  });

  test("says what is in the way here, with the remedy", async () => {
    const words = underConditions(["unshare-denied"], [cupel.path, "explain", "ns.network"]);
    const { code, stdout } = await cupel.outside(caller, words);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("Cause: a system call filter (seccomp");
    expect(stdout).toContain("Remedy: ");
  });

  test("uses the saved report, and measures anew when told to", async () => {
    await cupel.run(caller, ["doctor"]);
    const ids = await Promise.all(
      [[], [], ["--fresh"]].map(async (flags) => {
        const { stdout } = await cupel.run(caller, ["explain", "net.none", ...flags]);
        return /From report (\S+),/.exec(stdout)?.[1];
      }),
    );
    expect(ids[0]).toBeDefined();
    expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
  });
});

test.each(["userns", "limit.memory", "seccomp", "namespaces", "vm", "degraded", "declared", "124", "128+n"])(
  "explain %s",
  async (id) => {
    const { code, stdout, stderr } = await cupel.run(ordinaryCaller, ["explain", id]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`${id} (`);
  },
);

test("explain without an id lists everything by kind", async () => {
  const { code, stdout } = await cupel.run(ordinaryCaller, ["explain"]);
  expect(code).toBe(0);
  for (const line of ["Capability", "Guarantee", "Blocker", "Exit code", "  net.none ", "  lsm:apparmor "])
    expect(stdout).toContain(line);
});

test.each(["report", "outcome", "batch-outcome", "job", "policy", "lock"])("schema %s is JSON", async (name) => {
  const { code, stdout } = await cupel.run(ordinaryCaller, ["schema", name]);
  expect([code, typeof JSON.parse(stdout)]).toEqual([0, "object"]);
});

test("completion offers capabilities and what can be explained", async () => {
  const { stdout } = await cupel.run(ordinaryCaller, ["completion", "bash"]);
  expect(stdout).toMatch(/'\/check --capability'\) echo 'list [^']*userns\.capable/);
  expect(stdout).toMatch(/'\/explain '\) echo 'choice [^']*lsm:apparmor/);
});
