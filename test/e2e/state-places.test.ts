/** Homes that are missing, read-only or not for programs: cupel finds a place of its own, or says that there is none. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel, type CallOptions } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller, rootCallers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const noExecution = "mount -t tmpfs -o noexec,mode=1777 none /mnt";
const apart = usePrivatePlaces([noExecution]);
const full = usePrivatePlaces([
  "mount -t tmpfs -o size=64k,mode=1777 none /mnt",
  "(head -c 100k /dev/zero > /mnt/fill || true)",
]);
/** The executable stays where it can be executed; nothing else does. */
const nowhere = usePrivatePlaces([
  `mount -t tmpfs -o mode=755 none /opt && cp ${cupel.path} /opt/cupel`,
  ...["/var/lib", "/run", "/dev/shm", "/var/tmp"].map((place) => `mount -o remount,noexec ${place}`),
  ...["/tmp", "/home", "/root"].map(
    (place) => `mount --bind ${place} ${place} && mount -o remount,bind,noexec ${place}`,
  ),
]);

interface Used {
  readonly report: string;
  readonly strategy: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function use(caller: Caller, env: CallOptions["env"]): Promise<Used> {
  using directory = makeTempDir({ owner: caller });
  const path = directory.at("result.json");
  const options = { env: { XDG_STATE_HOME: undefined, ...env } };
  const inside = apart(caller, cupel.workspace(caller));
  const ran = await cupel.run(inside, ["run", "--result", path, "--", "echo", "ran"], options);
  return { ...ran, ...(JSON.parse(readFileSync(path, "utf8")) as { report: string; strategy: string }) };
}

const homes: readonly (readonly [string, CallOptions["env"]])[] = [
  ["HOME is not set", { HOME: undefined }],
  ["HOME is empty", { HOME: "" }],
  ["HOME is not absolute", { HOME: "some/where" }],
  ["HOME does not exist", { HOME: "/nowhere/at/all" }],
  ["HOME is not to be written", { HOME: "/usr" }],
  ["HOME is a file", { HOME: "/etc/passwd" }],
  ["nothing is set", { HOME: undefined, PATH: undefined, LANG: undefined }],
  ["XDG_STATE_HOME does not exist and cannot be made", { XDG_STATE_HOME: "/proc/nowhere" }],
  ["XDG_STATE_HOME is not absolute", { XDG_STATE_HOME: "state" }],
  ["the state lies where nothing may be executed", { XDG_STATE_HOME: "/mnt/state" }],
];

describe.each(callers)("called by $name", (caller) => {
  test.each(homes)("where %s, jobs run and the report is kept", async (_name, env) => {
    const first = await use(caller, env);
    expect(first).toMatchObject({ code: 0, stdout: "ran\n", stderr: "", strategy: "namespaces" });
    expect((await use(caller, env)).report).toBe(first.report);
  });

  test("a doctor blames no strategy for a disk that is full", async () => {
    const ran = await cupel.run(full(caller, "/"), ["doctor", "--json"], {
      cwd: "/",
      env: { XDG_STATE_HOME: "/mnt/state" },
    });
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringMatching(/^(cupel: .*ENOSPC.*\n)?$/)]);
    const { selection, trials } = JSON.parse(ran.stdout) as {
      selection: { chosen: string };
      trials: readonly { result: string }[];
    };
    expect([selection.chosen, trials.map(({ result }) => result)]).toEqual([
      "namespaces",
      ["passed", "passed", "passed", "passed", "passed", "passed"],
    ]);
  });

  test("a doctor without a home is as good as any", async () => {
    const inside = apart(caller, "/");
    const ran = await cupel.run(inside, ["doctor", "--json"], {
      cwd: "/",
      env: { HOME: undefined, XDG_STATE_HOME: undefined },
    });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(ran.stdout)).toMatchObject({ selection: { chosen: "namespaces" } });
  });
});

describe.each(rootCallers)("where nothing may be executed", (root) => {
  test.each([root, ordinaryCaller])("it is said, with what would help: $name", async (caller) => {
    const inside = nowhere(caller, "/");
    const env = { XDG_STATE_HOME: undefined };
    const ran = await cupel.outside(inside, ["/opt/cupel", "run", "--", "echo", "ran"], { cwd: "/", env });
    expect(ran).toMatchObject({ code: 125, stdout: "" });
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toMatch(/noexec|EACCES/);
    expect(ran.stderr).not.toContain("is a bug");
  });
});
