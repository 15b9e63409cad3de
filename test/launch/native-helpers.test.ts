import { describe, expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import type { Host, ProgramResult } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";

const realHost = createRealHost();
const asRoot = needs(isRoot, "only root has fresh ids to give");

/** The real helpers of a host whose prober says what it is told to. */
async function probeSaying(result: ProgramResult): Promise<unknown> {
  using directory = makeTempDir();
  const host: Host = { ...realHost, run: () => Promise.resolve(result) };
  return createNativeHelpers(host, [directory.at("state")]).probe("seccomp", [], 1000);
}

function said(stdout: string, code: number | null = 0, signal: string | null = null): ProgramResult {
  return { status: "exited", code, signal, stdout, stderr: "", durationMs: 2 };
}

describe("probe", () => {
  test("gives the real prober's steps", async () => {
    using directory = makeTempDir();
    const helpers = createNativeHelpers(realHost, [directory.at("state")]);
    const result = await helpers.probe("no-new-privs", [], 5000);
    expect(result.status).toBe("ended");
    expect(result.steps.length).toBeGreaterThan(0);
    expect(result.steps.filter(({ errno }) => !/^(ok|E[A-Z0-9]+|errno \d+)$/.test(errno))).toEqual([]);
  });

  test("says how a prober ends that does not know the probe", async () => {
    using directory = makeTempDir();
    const helpers = createNativeHelpers(realHost, [directory.at("state")]);
    expect(await helpers.probe("no-such-probe", [], 5000)).toEqual({
      status: "crashed",
      steps: [],
      detail: "exit code 64 before its last line",
    });
  });

  test("hands the prober's name, arguments and deadline on, and no environment", async () => {
    using directory = makeTempDir();
    const calls: unknown[] = [];
    const host: Host = {
      ...realHost,
      run: (_, words, options) => {
        calls.push([words, options]);
        return Promise.resolve(said('{"step":"end","errno":0,"value":0}\n'));
      },
    };
    await createNativeHelpers(host, [directory.at("state")]).probe("mounts", ["a", "b"], 1234);
    expect(calls).toEqual([[["mounts", "a", "b"], { deadlineMs: 1234, environment: {} }]]);
  });

  test("reads steps with the errno's name, and leaves the last line out", async () => {
    const lines = ['{"step":"unshare","errno":1,"value":0}', '{"step":"abi","errno":0,"value":7,"text":"seven"}'];
    expect(await probeSaying(said(`${lines.join("\n")}\n{"step":"end","errno":0,"value":0}\n`))).toEqual({
      status: "ended",
      steps: [
        { step: "unshare", errno: "EPERM", value: 0, text: "" },
        { step: "abi", errno: "ok", value: 7, text: "seven" },
      ],
      durationMs: 2,
    });
  });

  test.each([
    ["a signal", said('{"step":"a","errno":0,"value":0}\n', null, "SIGSYS"), "signal SIGSYS before its last line"],
    ["an exit code", said('{"step":"a","errno":0,"value":0}\n', 3), "exit code 3 before its last line"],
    ["success, without its last line", said('{"step":"a","errno":0,"value":0}\n'), "exit code 0 before its last line"],
  ])("says that a prober crashed, by %s, and what it said until then", async (_, result, detail) => {
    expect(await probeSaying(result)).toEqual({
      status: "crashed",
      steps: [{ step: "a", errno: "ok", value: 0, text: "" }],
      detail,
    });
  });

  test("drops the line in which a prober was killed at its deadline", async () => {
    const stdout = '{"step":"a","errno":0,"value":0}\n{"step":"b","err';
    expect(await probeSaying({ status: "timeout", stdout, stderr: "", durationMs: 1000 })).toEqual({
      status: "timeout",
      steps: [{ step: "a", errno: "ok", value: 0, text: "" }],
      durationMs: 1000,
    });
  });

  test("throws for a line that is none: the prober is ours, so a bug", async () => {
    const lines = ["no JSON", '{"step":"a","errno":0,"value":0,"extra":1}', '{"step":"a","errno":0.5,"value":0}'];
    const errors = await Promise.all(
      lines.map((line) => probeSaying(said(`${line}\n`)).catch((error: unknown) => (error as Error).name)),
    );
    expect(errors).toEqual(["SyntaxError", "ValiError", "ValiError"]);
  });

  test("tries each place, and says of each why the prober could not be started there", async () => {
    using directory = makeTempDir();
    const started: string[] = [];
    const host: Host = {
      ...realHost,
      run: (program) => {
        started.push(readlinkSync(program));
        return Promise.resolve({ status: "not-started", errno: "EACCES" });
      },
    };
    const places = ["one", "two"].map((name) => directory.at(name));
    const result = await createNativeHelpers(host, places).probe("mounts", [], 1000);
    expect(started.map((path) => path.split("/").at(-2))).toEqual(["one", "two"]);
    expect(result).toEqual({
      status: "crashed",
      steps: [],
      detail: `the prober could not be started: ${started.map((path) => `${path}: EACCES`).join("; ")}`,
    });
  });
});

describe("rehearse", () => {
  const rehearse = async (plan: ReturnType<typeof barePlan>, deadlineMs = 5000): Promise<unknown> => {
    using directory = makeTempDir();
    return createNativeHelpers(realHost, [directory.at("state")]).rehearse(plan, deadlineMs);
  };

  test("gives the namespaces inside, and does not run the job", async () => {
    using directory = makeTempDir();
    const inode = (name: string): number => Number(/\d+/.exec(readlinkSync(`/proc/self/ns/${name}`))?.[0]);
    const plan = barePlan(["/usr/bin/touch", directory.at("touched")]);
    expect(await rehearse(plan)).toEqual({
      status: "ready",
      namespaces: {
        user: inode("user"),
        mount: inode("mnt"),
        pid: inode("pid"),
        ipc: inode("ipc"),
        uts: inode("uts"),
        cgroup: inode("cgroup"),
        network: inode("net"),
      },
      isCovering: false,
      durationMs: expect.any(Number),
    });
    expect(await Bun.file(directory.at("touched")).exists()).toBeFalse();
  });

  test("gives other namespaces than the caller's where the plan asks for them", async () => {
    const result = (await rehearse(barePlan(["a"], { namespaces: ["user", "uts"] }))) as {
      namespaces: Record<string, number>;
    };
    const callers = ["user", "uts", "ipc"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
    const inside = ["user", "uts", "ipc"].map((name) => `${name}:[${result.namespaces[name]}]`);
    expect(inside.map((name, index) => name === callers[index])).toEqual([false, false, true]);
  });

  test("gives the step that failed, the errno's name and what it was about", async () => {
    expect(await rehearse(barePlan(["a"], { directory: "/no/such/directory" }))).toEqual({
      status: "failed",
      step: "working-directory",
      errno: "ENOENT",
      subject: "/no/such/directory",
    });
  });

  test("ends a launch that takes longer than its deadline", async () => {
    const steps = Array.from(
      { length: 900 },
      (_, index) => ({ step: "directory", destination: `/d${index}/a/b/c`, mode: 0o755 }) as const,
    );
    const plan = barePlan(["a"], { namespaces: ["user", "mount"], root: steps });
    expect(await rehearse(plan, 0)).toEqual({ status: "timeout" });
  });

  test("measures its time", async () => {
    const started = performance.now();
    const result = (await rehearse(barePlan(["a"]))) as { durationMs: number };
    expect(result.durationMs).toBeGreaterThan(0);
    expect(result.durationMs).toBeLessThanOrEqual(performance.now() - started);
  });

  test("says that there is no place to run the launcher from", async () => {
    const helpers = createNativeHelpers(realHost, ["/proc/cupel"]);
    expect(await helpers.rehearse(barePlan(["a"]), 5000)).toEqual({
      status: "crashed",
      detail: "No place to run the launcher from: /proc/cupel: ENOENT",
    });
  });
});

describe("a fresh identity", () => {
  asRoot("is what the job really is", async () => {
    using directory = makeTempDir();
    const plan = barePlan(["a"], { outside: "fresh", dropCapabilities: true });
    const helpers = createNativeHelpers(realHost, [directory.at("state")]);
    expect(await helpers.rehearse(plan, 5000)).toMatchObject({ status: "ready" });
  });
});
