/** Mounts that are made by path, and changed one by one, end up as those that are made the newer way. */
import { describe, expect, test } from "bun:test";
import { underConditions, type Condition } from "../support/condition.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

/** Of each mount of a job: where, and its own options, but for the owners, which cannot be mapped by path. */
async function mountsOf(caller: Caller, conditions: readonly Condition[], before: string, words: readonly string[]) {
  const run = underConditions(conditions, [cupel.path, "run", "--workspace", "none", ...words]);
  const script = ["sh", "-c", `${before} exec "$0" "$@"`, ...run, "--", "cat", "/proc/self/mountinfo"];
  const { stdout, stderr } = await cupel.outside(caller, before === "" ? script : ["unshare", "-m", ...script]);
  const lines = stdout.trim().split("\n");
  const mounts = lines.map((line) => line.split(" ").slice(4, 6).join(" ").replace(",idmapped", ""));
  return { mounts, stderr };
}

const hosts: readonly (readonly [string, readonly Condition[]])[] = [
  ["without mount_setattr", ["mount-attributes-hidden"]],
  ["with detached mounts denied", ["detached-mounts-denied"]],
  ["with both", ["mount-attributes-hidden", "detached-mounts-denied"]],
];

describe.each(callers)("called by $name", (caller) => {
  const expected = mountsOf(caller, [], "", []);

  test.each(hosts)("%s a job's mounts are the same", async (_, conditions) => {
    const { mounts, stderr } = await expected;
    expect([mounts.length > 20, stderr]).toEqual([true, ""]);
    expect(await mountsOf(caller, conditions, "", [])).toEqual({ mounts, stderr: "" });
  });
});

describe.each(rootCallers)("called by $name", (caller) => {
  test.each(hosts)(
    "%s what a granted tree has mounted below keeps its options, and loses its rights",
    async (_, given) => {
      using directory = makeTempDir({ owner: caller });
      const below = directory.folder("a b/c", 0o755);
      const mount = `mount -t tmpfs -o nosymfollow,noatime none '${below}' && mkdir '${below}/d' && mount -t tmpfs -o noexec none '${below}/d';`;
      const words = ["--read", directory.path];
      const wanted = await mountsOf(caller, [], mount, words);
      const ours = wanted.mounts.filter((line) => line.startsWith(directory.path));
      expect(ours).toHaveLength(3);
      expect(ours.filter((line) => !line.includes(" ro,nosuid,nodev"))).toEqual([]);
      expect(ours.filter((line) => line.includes("nosymfollow"))).toHaveLength(1);
      expect((await mountsOf(caller, given, mount, words)).mounts).toEqual(wanted.mounts);
    },
  );
});
