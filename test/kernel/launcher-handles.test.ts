/** Handles by which runtimes were left: a directory on a standard stream, the runtime's own program, a false /dev/null. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { evaluate } from "../support/evaluate.ts";
import { plainBinding } from "../support/launch-program.ts";
import { needs, needsPrograms } from "../support/must-work.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, isRoot } from "../support/tester.ts";

const cupel = installCupel();

/** Opens a path as a program would that leaves it on descriptor 0, and becomes cupel. */
const opener = `import os, sys
flags = {"directory": os.O_RDONLY | os.O_DIRECTORY, "handle": os.O_PATH}[sys.argv[1]]
os.dup2(os.open(sys.argv[2], flags), 0)
os.execv(sys.argv[3], sys.argv[3:])`;

describe.each(callers)("a standard stream, called by $name", (caller) => {
  needsPrograms("python3")("that is a directory, or a handle on one, is no way out", async () => {
    using outer = makeTempDir({ owner: caller });
    outer.file("secret", "secret");
    outer.folder("below");
    const script =
      "cat /proc/self/fd/0/secret /proc/self/fd/0/../secret /dev/fd/0/secret; cd /dev/fd/0 && cat ../secret; cat; exit 0";
    for (const [kind, path] of [
      ["directory", outer.path],
      ["directory", outer.at("below")],
      ["handle", outer.path],
    ] as const) {
      const words = ["python3", "-c", opener, kind, path];
      const inside = await cupel.outside(caller, [...words, cupel.path, "run", "--", "sh", "-c", script]);
      expect({ kind, code: inside.code, stdout: inside.stdout }).toEqual({ kind, code: 0, stdout: "" });
      const outside = await cupel.outside(caller, [...words, "/bin/sh", "-c", script]);
      expect(outside.stdout).toContain("secret");
    }
  });

  needsPrograms("python3")("that is a handle on a file is no way to it", async () => {
    using outer = makeTempDir({ owner: caller });
    const path = outer.file("file", "secret", 0o666);
    const script = "cat /proc/self/fd/0; echo changed > /proc/self/fd/0; exit 0";
    const words = ["python3", "-c", opener, "handle", path];
    await cupel.outside(caller, [...words, cupel.path, "run", "--", "sh", "-c", script]);
    expect(readFileSync(path, "utf8")).toBe("secret");
    await cupel.outside(caller, [...words, "/bin/sh", "-c", script]);
    expect(readFileSync(path, "utf8")).toBe("changed\n");
  });
});

/** Name, mode and content of every file that cupel keeps for its caller. */
function keptHelpers(state: string): unknown[] {
  const names = readdirSync(state).filter((name) => /^(launcher|prober)-/.test(name));
  return names.toSorted().map((name) => {
    const path = join(state, name);
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    return [name, statSync(path).mode & 0o7777, digest];
  });
}

describe.each(callers)("the launcher's own program, called by $name", (caller) => {
  test("is read, executed and changed by no job, by none of its names", async () => {
    expect((await cupel.run(caller, ["run", "--", "true"])).code).toBe(0);
    const before = keptHelpers(cupel.state(caller));
    expect(before.map((one) => (one as string[])[0])).toContainEqual(expect.stringMatching(/^launcher-/));
    const script =
      "cat /proc/1/exe; head -c 4 /proc/1/map_files/*; echo x > /proc/1/exe; chmod 777 /proc/1/exe; exit 0";
    expect((await cupel.run(caller, ["run", "--", "sh", "-c", script])).stdout).toBe("");
    expect((await cupel.run(caller, ["run", "--", "/proc/1/exe"])).code).toBe(126);
    expect(keptHelpers(cupel.state(caller))).toEqual(before);
  });
});

describe.each(callers)("a job that is the launcher's own program, called by $name", (caller) => {
  test("takes no orders, and so shows nobody the host's file that it comes from", async () => {
    using directory = makeTempDir({ owner: caller });
    const script = directory.file("script", "#!/proc/self/exe 0\n", 0o755);
    // For whoever runs the tests or the ordinary caller: with no ids to map, they do not matter.
    const stdin = encodeInstruction(barePlan(["/bin/ls", "-l", "/proc/2/exe"]), plainBinding());
    const jobs = [
      ["/proc/self/exe", "0", "1", "2", "2", "2"],
      ["/proc/thread-self/exe", "0", "1", "2", "2", "2"],
      [script, "1", "2", "2"],
      // Also not as one that takes many.
      ["/proc/self/exe", "resident", "0"],
    ];
    for (const words of jobs) {
      const ran = await cupel.run(caller, ["run", "--read", directory.path, "--", ...words], { stdin });
      // Where Landlock handles execution, the kernel denies it already.
      expect([64, 126]).toContain(ran.code ?? -1);
      expect({ words, stdout: ran.stdout }).toEqual({ words, stdout: "" });
    }
  });
});

const asRoot = needs(isRoot, "only root can mount over /dev/null");

describe("a /dev/null that is another file", () => {
  /** What the launcher tells where `source` is mounted on /dev/null. */
  async function launchWith(source: string, state: string, root: readonly RootStep[]): Promise<unknown> {
    const plan = barePlan(["/bin/true"], {
      namespaces: ["mount", "pid"],
      root: [{ step: "mirror", path: "/usr" }, ...root],
    });
    const launch = `(await (async () => {
      const { startLaunch } = await import(src + "/launch/start-launch.ts");
      const places = { directories: [${JSON.stringify(state)}], uid: 0 };
      const started = await startLaunch(${JSON.stringify(plan)}, ${JSON.stringify(plainBinding())}, places, [-1, -1, -1]);
      return started.ended;
    })())`;
    const mount = `mount --bind ${source} /dev/null && exec "$@"`;
    return evaluate(launch, { prefix: ["unshare", "--mount", "sh", "-c", mount, "sh"] });
  }

  const failed = (step: string): unknown => [{ event: "failed", step, errno: 19, subject: "/dev/null" }];

  asRoot("is given to no job, and hides nothing", async () => {
    using directory = makeTempDir();
    const state = directory.folder("state", 0o700);
    const devices: RootStep = { step: "devices", destination: "/dev", shmBytes: 4096 };
    const mask: RootStep = { step: "mask", destination: "/usr/bin/env" };
    for (const source of [directory.file("file", "", 0o666), "/dev/zero", "/dev/full"]) {
      expect({ source, events: await launchWith(source, state, [devices]) }).toEqual({
        source,
        events: failed("devices"),
      });
      expect({ source, events: await launchWith(source, state, [mask]) }).toEqual({ source, events: failed("mask") });
    }
    // The control: the real one is taken.
    const events = await launchWith("/dev/null", state, [devices, mask]);
    expect(events).not.toMatchObject([{ event: "failed" }]);
  });
});
