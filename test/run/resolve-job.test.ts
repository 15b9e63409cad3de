import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import type { Host } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import { guaranteeIds, isolationSet } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import type { JobSurroundings } from "../../src/run/job-paths.ts";
import { parseAvailableMemory, resolveJob } from "../../src/run/resolve-job.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const realHost = createRealHost();
const meminfo = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n";

/** The real file system, seen from a directory by a caller with this environment. */
function hostIn(directory: string, environment: Record<string, string> = {}): Host {
  const readText: Host["readText"] = (path) =>
    path === "/proc/meminfo" ? { ok: true, value: meminfo } : realHost.readText(path);
  return { ...realHost, directory, environment, readText };
}

function resolve(parts: Partial<JobRequest>, host: Host, surroundings: Partial<JobSurroundings> = {}): Job {
  const request = { ...defaultRequest, ...parts };
  return resolveJob(request, { host, stateDirectories: [], tools: undefined, ...surroundings });
}

function refusal(parts: Partial<JobRequest>, host: Host, states: readonly string[] = []): unknown {
  try {
    return resolve(parts, host, { stateDirectories: states }).grants;
  } catch (error) {
    return error instanceof CupelError && error.code === "usage" ? error.message : error;
  }
}

/** A project below a home, neither of them a place that is everybody's. */
function makeProject(): TempDir & { readonly home: string; readonly project: string; readonly host: Host } {
  const directory = makeTempDir();
  const [home, project] = [directory.folder("ada"), directory.folder("ada/project")];
  return { ...directory, home, project, host: hostIn(project, { HOME: home }) };
}

describe("resolveJob", () => {
  test("without a request is the default job, whole", () => {
    using place = makeProject();
    expect(resolve({}, place.host)).toEqual({
      command: ["/bin/true"],
      workspace: {
        mode: "ro",
        path: place.project,
        // There are no state directories here.
        why: `${place.project} is read-only for this job, since there is no place for what a job changes`,
      },
      directory: place.project,
      grants: [],
      toolDirectories: [],
      network: "none",
      allowedHosts: [],
      seccomp: "default",
      nameResolution: {},
      terminal: "none",
      environment: {},
      limits: { timeoutMs: undefined, graceMs: 2000, memoryBytes: undefined, cpus: undefined, pids: undefined },
      defaultLimits: { pids: 4096, memoryBytes: 8_000_000 * 1024 * 0.75 },
      demands: {
        required: guaranteeIds.filter((id) => id === "fs.workspace" || isolationSet.includes(id)),
        accepted: [],
        minimum: undefined,
        strategy: undefined,
        prefer: "fastest",
      },
      hidden: [],
      layout: { denied: [], keptNames: [], protect: [], files: [], directories: [] },
    });
  });

  test("takes over what was stated", () => {
    using place = makeProject();
    const limits = { timeoutMs: 1, graceMs: 2, memoryBytes: 3, cpus: 4, pids: 5 };
    const tools = { paths: ["/opt/tool"], directories: ["/opt/tool/bin"], environment: { A: "tools", B: "tools" } };
    const request = {
      command: ["a", "b"],
      workspace: "rw",
      network: "host",
      seccomp: "compat",
      environment: ["A=own"],
      ...limits,
    } as const;
    const job = resolve(request, place.host, { tools });
    expect(job).toMatchObject({
      command: ["a", "b"],
      workspace: { mode: "rw", path: place.project },
      network: "host",
      seccomp: "compat",
      grants: [{ path: "/opt/tool", access: "read" }],
      toolDirectories: ["/opt/tool/bin"],
      environment: { A: "own", B: "tools" },
      limits,
    });
  });

  test("refuses the host's network to a job that can make no socket", () => {
    using place = makeProject();
    expect(refusal({ network: "host", seccomp: "strict" }, place.host)).toBe(
      "the seccomp profile strict lets a job make no socket, so no network is of use to it; take the default profile, or leave the network out",
    );
    expect(resolve({ network: "no-sockets", seccomp: "strict" }, place.host)).toMatchObject({
      network: "no-sockets",
      seccomp: "strict",
      nameResolution: {},
    });
  });

  test("gives a job with a terminal the caller's kind of terminal, unless it is told another", () => {
    using place = makeProject();
    const host: Host = { ...place.host, environment: { ...place.host.environment, TERM: "screen" } };
    const tty = { terminal: "private" } as const;
    expect(resolve(tty, host)).toMatchObject({ ...tty, environment: { TERM: "screen" } });
    expect(resolve({ ...tty, environment: ["TERM=vt100"] }, host).environment).toEqual({ TERM: "vt100" });
    expect(resolve({}, host).environment).toEqual({});
    const { TERM: _, ...without } = host.environment;
    expect(resolve(tty, { ...host, environment: without }).environment).toEqual({});
  });

  test("knows no memory to give a part of where /proc says nothing", () => {
    using place = makeProject();
    const host: Host = { ...place.host, readText: () => ({ ok: false, errno: "ENOENT" }) };
    expect(resolve({ strict: true }, host)).toMatchObject({ defaultLimits: { pids: 4096, memoryBytes: undefined } });
  });
});

describe("the workspace", () => {
  const why = (path: string, reason: string): object => ({
    mode: "empty",
    why: `${path} is not taken as the workspace, since ${reason}; the job starts in an empty one`,
  });

  test("is the current directory as it really is, behind a symlink", () => {
    using place = makeProject();
    symlinkSync(place.project, place.at("link"));
    const host = { ...place.host, directory: place.at("link") };
    expect(resolve({}, host)).toMatchObject({
      workspace: { mode: "ro", path: place.project },
      directory: place.project,
    });
  });

  test("is never the home or what holds it, unless asked for", () => {
    using place = makeProject();
    const host = { ...place.host, directory: place.home };
    expect(resolve({}, host)).toMatchObject({
      workspace: why(place.home, "it holds a whole home directory"),
      directory: "/",
    });
    expect(resolve({}, { ...host, directory: place.path }).workspace).toEqual(
      why(place.path, "it holds a whole home directory") as never,
    );
    expect(resolve({ workspace: "ro" }, host).workspace).toEqual({ mode: "ro", path: place.home });
  });

  test("is never the home, also where HOME is a symlink to it or has a slash at its end", () => {
    using place = makeProject();
    symlinkSync(place.home, place.at("link"));
    for (const home of [place.at("link"), `${place.home}/`, `${place.home}/project/..`]) {
      const host = hostIn(place.home, { HOME: home });
      expect(resolve({}, host).workspace.mode).toBe("empty");
    }
  });

  test.each([
    ["/", "it is not one project's"],
    ["/tmp", "it is not one project's"],
    ["/usr", "it is not one project's"],
    ["/etc", "it is not one project's"],
    ["/proc/self", "it is the system's"],
    ["/sys/kernel", "it is the system's"],
    ["/dev", "it is the system's"],
  ])("is never %s, unless asked for", (path, reason) => {
    const [first, second] = [resolve({}, hostIn(path)).workspace, hostIn(path)];
    expect(first.mode === "empty" && first.why).toContain(`since ${reason};`);
    expect(resolve({ workspace: "none" }, second).workspace).toEqual({ mode: "empty", why: "" });
  });

  test.each([
    ["/", "--workspace rw in / would grant the whole host; name the directories that the job needs"],
    ["/sys/kernel", "--workspace rw in /sys/kernel lies under /sys, of which every job has its own; leave it out"],
  ])("cannot be %s, although asked for", (path, message) =>
    expect(refusal({ workspace: "rw" }, hostIn(path))).toBe(message),
  );
});

describe("grants", () => {
  test("are canonical, reads first, and relative to the current directory", () => {
    using place = makeProject();
    place.folder("ada/project/data");
    place.file("shared/file");
    symlinkSync(place.at("shared"), place.at("link"));
    const job = resolve({ read: ["data", `${place.at("link")}/file`], write: ["./data/../data/"] }, place.host);
    expect(job.grants).toEqual([
      { path: `${place.project}/data`, access: "read" },
      { path: place.at("shared/file"), access: "read" },
      { path: `${place.project}/data`, access: "write" },
    ]);
  });

  test.each([
    ["", '--read "" names no path; write one'],
    ["/no/such/path", "--read /no/such/path does not exist; name a path that does"],
    ["/etc/passwd/below", "--read /etc/passwd/below cannot be looked up (ENOTDIR); name a path that does"],
    ["/", "--read / would grant the whole host; name the directories that the job needs"],
    ["/usr/..", "--read / would grant the whole host; name the directories that the job needs"],
    ["/dev/null", "--read /dev/null lies under /dev, of which every job has its own; leave it out"],
    ["/proc/version", "--read /proc/version lies under /proc, of which every job has its own; leave it out"],
    ["/dev/../sys", "--read /sys lies under /sys, of which every job has its own; leave it out"],
  ])("of %p are refused", (path, message) => {
    using place = makeProject();
    expect(refusal({ read: [path] }, place.host)).toBe(message);
    expect(refusal({ write: [path] }, place.host)).toBe(message.replace("--read", "--write"));
  });

  test("of what a symlink leads to are judged by what it leads to", () => {
    using place = makeProject();
    symlinkSync("/", place.at("root"));
    symlinkSync("/proc/self", place.at("self"));
    symlinkSync("loop", place.at("loop"));
    expect(refusal({ read: [place.at("root")] }, place.host)).toContain("would grant the whole host");
    expect(refusal({ write: [place.at("self")] }, place.host)).toContain("lies under /proc");
    expect(refusal({ read: [place.at("loop")] }, place.host)).toContain("cannot be looked up (ELOOP)");
  });

  test("are no more than a root has room for", () => {
    using place = makeProject();
    const many = (count: number): string[] => Array.from({ length: count }, () => place.home);
    expect(resolve({ read: many(700) }, place.host).grants).toHaveLength(700);
    expect(refusal({ read: many(350), write: many(351) }, place.host)).toContain("701 paths are granted");
  });
});

describe("cupel's own state", () => {
  test("is granted to nobody, made yet or not, behind a symlink or not", () => {
    using place = makeProject();
    const state = place.folder("ada/state/cupel");
    symlinkSync(place.at("ada/state"), place.at("link"));
    expect(refusal({ read: [state] }, place.host, [state])).toContain("lies in cupel's own state");
    expect(refusal({ read: [place.folder("ada/state/cupel/below")] }, place.host, [state])).toContain("own state");
    expect(refusal({ read: [`${place.at("link")}/cupel`] }, place.host, [state])).toContain("own state");
    const behindLink = [`${place.at("link")}/cupel`];
    expect(refusal({ write: [`${state}/below`] }, place.host, behindLink)).toContain("own state");
    expect(refusal({ read: [state] }, place.host, behindLink)).toContain("own state");
  });

  test("is hidden in what holds it and can be read, made yet or not", () => {
    using place = makeProject();
    symlinkSync(place.home, place.at("link"));
    const states = [`${place.at("link")}/.local/state/cupel`, place.at("elsewhere/cupel"), `${place.project}/.state`];
    const job = resolve({ read: [place.home] }, place.host, { stateDirectories: states });
    expect(job.hidden).toEqual([`${place.home}/.local/state/cupel`, `${place.project}/.state`]);
    expect(resolve({}, place.host, { stateDirectories: states }).hidden).toEqual([`${place.project}/.state`]);
  });

  test("is never in what a job can write, made yet or not", () => {
    using place = makeProject();
    const state = `${place.home}/.local/state/cupel`;
    const message = `${place.home} cannot be written by a job, since cupel keeps its own state in it (${state}); name a directory below`;
    expect(refusal({ write: [place.home] }, place.host, [state])).toBe(message);
    expect(refusal({ workspace: "rw" }, { ...place.host, directory: place.home }, [state])).toBe(message);
    expect(resolve({ write: [place.project] }, place.host, { stateDirectories: [state] }).hidden).toEqual([]);
  });

  test("is no workspace", () => {
    using place = makeProject();
    const state = place.folder("ada/state");
    const job = resolve({}, { ...place.host, directory: state }, { stateDirectories: [state] });
    expect(job.workspace.mode).toBe("empty");
  });
});

describe("parseAvailableMemory", () => {
  test("gives bytes of what is available, not of what is free", () =>
    expect(parseAvailableMemory(meminfo)).toBe(8_192_000_000));
  test("gives nothing where the kernel does not say", () =>
    expect(parseAvailableMemory("MemFree: 1 kB\n")).toBeUndefined());
});
