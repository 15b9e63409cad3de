/** The prober itself: what it prints, what it leaves behind, and that nothing that happens to it makes it do otherwise. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { needs } from "../support/must-work.ts";
import { asIdentity, identities, type TestIdentity } from "../support/run-real-probes.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";
import { sharedObjects } from "../support/traces.ts";

const repository = join(import.meta.dir, "../..");
const names = [
  "attribution",
  "mounts",
  "seccomp",
  "landlock",
  "kvm",
  "capabilities",
  "no-new-privs",
  "process-limit",
  "inside",
  "network",
  "device",
  "init",
  "boot",
  "system-calls",
  "interfaces",
  "tracing",
  "places",
  "shared-memory",
  "resources",
  "kernel-facts",
  "file-calls",
  "effects",
  "nesting",
  "filesystems sysfs mqueue devpts",
  "overlay user /",
  "fuse",
  "outside",
];

/** Probes with arguments, for the build with sanitizers. */
const furtherProbes = [
  "fork-limit 3",
  "cgroup memory v2 /nowhere",
  "network ipv6 filter",
  "device basics",
  "device terminal",
  "device tunnel",
  "device vsock",
  "device vsock-socket",
  "device open /dev/null",
  "device vhost /dev/null",
  "device render-node /dev/null",
  "init 0123456789abcdef",
  "cgroup freeze v1 /nowhere",
  "attach-network 2000 /bin/true PID",
  "id-range - - 0 100000 10 0 100000 10",
  "id-range /bin/true /bin/false 0 100000 10 0 100000 10",
  "boot /bin/false /nowhere kvm 1000",
];

const lineSchema = v.strictObject({
  step: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/)),
  errno: v.pipe(v.number(), v.integer(), v.minValue(0)),
  value: v.pipe(v.number(), v.integer()),
  text: v.optional(v.string()),
});

let directory: TempDir;
let prober: string;

beforeAll(() => {
  directory = makeTempDir();
  prober = directory.at("prober");
  copyFileSync(join(repository, "dist/helpers", process.arch, "prober"), prober);
  chmodSync(prober, 0o755);
});

afterAll(() => directory[Symbol.dispose]());

function run(command: readonly string[], identity: TestIdentity = "user") {
  const child = Bun.spawnSync(asIdentity(identity, [], command), { cwd: "/", stdin: "ignore", timeout: 20_000 });
  const lines = child.stdout.toString().split("\n");
  return {
    code: child.exitCode,
    errors: child.stderr.toString(),
    rest: lines.pop(),
    lines: lines.map((line) => v.parse(lineSchema, JSON.parse(line))),
  };
}

/** What a probe must leave as it was. */
function look() {
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8"),
    hostname: readFileSync("/proc/sys/kernel/hostname", "utf8"),
    interfaces: readdirSync("/sys/class/net"),
    probing: processesOf(prober),
  };
}

function processesOf(path: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").startsWith(path);
    } catch {
      return false;
    }
  });
}

test.each([[[]], [["no-such-probe"]], [[""]]])("without the name of a probe: %j", (probeArguments) => {
  expect(run([prober, ...probeArguments])).toEqual({ code: 64, errors: "", rest: "", lines: [] });
});

test.each(["keep", "keep 1000", "id-range", "attach-network", "attach-network 1000"])(
  "%s, without its other arguments, does nothing",
  (words) => {
    expect(run([prober, ...words.split(" ")]).lines).toEqual([{ step: "end", errno: 0, value: 0 }]);
  },
);

test("keep, in a manner that it does not know, runs nothing", () => {
  expect(run([prober, "keep", "1000", "hide-everything", "/bin/echo", "ran"]).lines).toEqual([
    { step: "hide-everything", errno: 22, value: 0 },
    { step: "end", errno: 0, value: 0 },
  ]);
});

describe.each(identities)("as %s", (identity) => {
  test.each(names)("%s tells steps, ends well and leaves nothing", (name) => {
    const before = look();
    const { code, errors, rest, lines } = run([prober, ...name.split(" ")], identity);
    expect({ code, errors, rest }).toEqual({ code: 0, errors: "", rest: "" });
    expect(lines.at(-1)).toEqual({ step: "end", errno: 0, value: 0 });
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter(({ step }) => step.endsWith("-died"))).toEqual([]);
    expect(look()).toEqual(before);
  });

  test("signals that the caller ignores are heard all the same", () => {
    const { lines } = run(["sh", "-c", `trap '' ALRM CHLD PIPE; exec ${prober} seccomp`], identity);
    expect(lines.find(({ step }) => step === "kill-process")).toMatchObject({ errno: 0, value: 31 });
  });

  test("a limit on descriptors and closed standard streams end no run", () => {
    const { lines } = run(["sh", "-c", `ulimit -n 16; exec ${prober} attribution <&- 2>&-`], identity);
    expect(lines.at(-1)?.step).toBe("end");
  });
});

describe("killed at any moment", () => {
  const named = (): string[] => readdirSync("/dev/shm").filter((name) => name.startsWith("cupel-probe-"));

  test.each(["places", "shared-memory", "file-calls", "interfaces", "tracing"])("%s leaves nothing", async (name) => {
    const own = directory.folder(`killed-${name}`);
    const words = name === "places" ? [`own=${own}`, "shm=/dev/shm"] : [own];
    const before = { ...look(), shared: sharedObjects(), named: named() };
    for (let round = 0; round < 20; round++) {
      const child = Bun.spawn([prober, name, ...words], { stdout: "ignore", stdin: "ignore" });
      // Later with each round, so that other steps are hit.
      await Bun.sleep(round / 8);
      child.kill("SIGKILL");
      await child.exited;
    }
    for (let round = 0; round < 1000 && processesOf(prober).length > 0; round++) await Bun.sleep(10);
    expect(readdirSync(own)).toEqual([]);
    expect({ ...look(), shared: sharedObjects(), named: named() }).toEqual(before);
  });
});

test("what is asked about canaries is told inside", () => {
  const { lines } = run([
    prober,
    "inside",
    "read=/etc/passwd",
    "write=/dev/null",
    "write=/etc/passwd",
    "abstract=cupel-nobody",
  ]);
  const canaries = lines.filter(({ step }) => ["read", "write", "abstract-connect"].includes(step));
  expect(canaries.map(({ step, errno, text }) => [step, errno, text])).toEqual([
    ["read", 0, "/etc/passwd"],
    ["write", 0, "/dev/null"],
    ["write", 13, "/etc/passwd"],
    ["abstract-connect", 111, "cupel-nobody"],
  ]);
});

test("the count of forks is what was asked for", () => {
  expect(run([prober, "fork-limit", "7"]).lines[0]).toEqual({ step: "forked", errno: 0, value: 7 });
});

/** A version 1 hierarchy in which root may make groups: there a limit can be tried without anything delegated. */
const hierarchy = "/sys/fs/cgroup/cpu";
const canTry = isRoot && existsSync(`${hierarchy}/cpu.cfs_quota_us`);

describe("control groups", () => {
  test.each([[["pids"]], [["pids", "v3", "/sys/fs/cgroup"]], [["colour", "v1", "/sys/fs/cgroup"]]])(
    "arguments that mean nothing: %j",
    (probeArguments) => {
      expect(run([prober, "cgroup", ...probeArguments]).lines[0]).toEqual({ step: "arguments", errno: 22, value: 0 });
    },
  );

  test("a directory that is none, or too long for a path", () => {
    expect(run([prober, "cgroup", "pids", "v2", "/nowhere"]).lines[0]).toMatchObject({ step: "create", errno: 2 });
    expect(run([prober, "cgroup", "pids", "v2", `/${"x".repeat(2000)}`]).lines[0]).toMatchObject({
      step: "create",
      errno: 36,
    });
  });

  const tryGroup = needs(canTry, "root and version 1 of control groups");
  const groupsKilled = [
    ["cpu", hierarchy],
    ["freeze", "/sys/fs/cgroup/freezer"],
    ["kill", "/sys/fs/cgroup/freezer"],
  ] as const;
  for (const [act, place] of groupsKilled)
    tryGroup(`a prober that is killed in the middle of ${act} leaves no group`, async () => {
      // Others may be probing at the same time: only groups that were not there before are this one's.
      const before = new Set(readdirSync(place));
      const child = Bun.spawn(["setsid", prober, "cgroup", act, "v1", place], { stdout: "pipe", stdin: "ignore" });
      const group = (): string[] =>
        readdirSync(place).filter((name) => name.startsWith("cupel-probe-") && !before.has(name));
      while (group().length === 0)
        if (child.exitCode === null) await Bun.sleep(0);
        else break;
      const made = group();
      if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      await child.exited;
      const left = (): string[] => group().filter((name) => made.includes(name));
      for (let round = 0; round < 1000 && left().length > 0; round++) await Bun.sleep(10);
      expect(left()).toEqual([]);
    });
});

test("built with sanitizers, every probe runs clean", () => {
  const checked = directory.at("prober-sanitized");
  const sources = ["prober", "shared"].flatMap((folder) => {
    const path = join(repository, "platform/linux", folder);
    return readdirSync(path)
      .filter((name) => name.endsWith(".c"))
      .map((name) => join(path, name));
  });
  const flags = ["-std=gnu17", "-O1", "-g", "-DHOSTED", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const built = Bun.spawnSync(["cc", ...flags, ...sources, "-o", checked]);
  expect(built.stderr.toString()).toBe("");
  chmodSync(checked, 0o755);
  for (const identity of identities) {
    for (const name of [...names, ...furtherProbes]) {
      const { code, errors, lines } = run([checked, ...name.split(" ")], identity);
      expect({ name, code, errors, last: lines.at(-1)?.step }).toEqual({ name, code: 0, errors: "", last: "end" });
    }
    for (const words of [
      "as-it-is /bin/echo kept",
      "as-it-is /nowhere",
      "cover-control-groups /bin/true",
      "hide-control-groups /bin/true",
    ]) {
      const kept = Bun.spawnSync(asIdentity(identity, [], [checked, "keep", "5000", ...words.split(" ")]), {
        cwd: "/",
      });
      expect({ words, code: kept.exitCode, errors: kept.stderr.toString() }).toEqual({ words, code: 0, errors: "" });
    }
  }
}, 60_000);
