/** What a request demands, and the variables that its job gets: from the words of the request to the job. */
import { describe, expect, test } from "bun:test";
import { existsSync, realpathSync } from "node:fs";
import type { Host } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import { guaranteeIds, isolationSet, type GuaranteeId } from "../../src/model/guarantee.ts";
import type { Demands, Job } from "../../src/model/job.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { resolveJob } from "../../src/run/resolve-job.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const realHost = createRealHost();
const readText: Host["readText"] = () => ({ ok: true, value: "MemAvailable: 1000 kB\n" });

/** A job in a directory that it may read, unless something else is stated. */
function resolve(parts: Partial<JobRequest>, environment: Record<string, string> = {}): Job {
  const host: Host = { ...realHost, directory: "/usr/lib", environment, readText };
  return resolveJob({ ...defaultRequest, ...parts }, { host, stateDirectories: [], tools: undefined });
}

/** What differs from the demands of the default job. */
function changes(parts: Partial<JobRequest>): { more: GuaranteeId[]; less: GuaranteeId[] } {
  const { required } = resolve(parts).demands;
  return {
    more: required.filter((id) => !isolationSet.includes(id)),
    less: isolationSet.filter((id) => !required.includes(id)),
  };
}

describe("demands", () => {
  test.each([
    ["nothing", {}, ["fs.workspace"], []],
    ["a time limit", { timeoutMs: 1 }, ["fs.workspace", "limit.time"], []],
    ["a cap on processors", { cpus: 1 }, ["fs.workspace", "limit.cpu"], []],
    ["a cap on memory", { memoryBytes: 1 }, ["fs.workspace", "limit.memory"], []],
    ["a cap on processes", { pids: 1 }, ["fs.workspace", "limit.pids"], []],
    ["strictness", { strict: true }, ["fs.workspace", "limit.memory", "limit.pids"], []],
    ["more", { require: ["kernel.boundary", "limit.disk"] }, ["fs.workspace", "kernel.boundary", "limit.disk"], []],
    ["the host's network", { network: "host" }, ["fs.workspace"], ["net.none"]],
    ["no socket at all", { network: "no-sockets" }, ["fs.workspace"], []],
    ["another seccomp profile", { seccomp: "strict" }, ["fs.workspace"], []],
    ["a workspace to write", { workspace: "rw" }, [], ["fs.protected"]],
    ["the opposite of what it demands too", { network: "host", require: ["net.none"] }, ["fs.workspace"], []],
    ["a workspace to read", { workspace: "ro" }, ["fs.workspace"], []],
    ["no workspace", { workspace: "none" }, [], []],
  ] as const satisfies readonly (readonly [string, Partial<JobRequest>, GuaranteeId[], GuaranteeId[]])[])(
    "with %s asked for",
    (_, parts, more, less) => expect(changes(parts)).toEqual({ more: [...more], less: [...less] }),
  );

  test("leave a workspace out that the job is to change, wholly or in part", () => {
    using directory = makeTempDir();
    const host: Host = { ...realHost, directory: directory.path, readText };
    const requiredWith = (write: readonly string[]): readonly GuaranteeId[] =>
      resolveJob({ ...defaultRequest, workspace: "ro", write }, { host, stateDirectories: [], tools: undefined })
        .demands.required;
    const asked = ["fs.protected", "fs.workspace"] as const;
    const found = [[], [directory.folder("part")]].map((write) =>
      asked.filter((id) => requiredWith(write).includes(id)),
    );
    expect(found).toEqual([["fs.protected", "fs.workspace"], []]);
  });

  test("are each there once, in report order", () => {
    const { required } = resolve({ require: ["tty.safe", "limit.cpu", "fs.read"], cpus: 1, strict: true }).demands;
    expect([...required]).toEqual(guaranteeIds.filter((id) => required.includes(id)));
    expect(new Set(required).size).toBe(required.length);
  });

  test("give up what is named, and with `all` everything that is demanded and no more", () => {
    expect(resolve({ accept: ["net.none", "limit.disk"] }).demands.accepted).toEqual(["net.none", "limit.disk"]);
    const { required, accepted } = resolve({ accept: "all", cpus: 1, network: "host" }).demands;
    expect(accepted).toEqual(required);
    expect(accepted).toContain("limit.cpu");
    expect(accepted).not.toContain("net.none");
  });

  test("take over floor, name and preference", () => {
    const parts = { minimum: "vm", strategy: "namespaces", prefer: "strongest" } as const;
    expect(resolve(parts).demands).toMatchObject(parts satisfies Partial<Demands>);
  });
});

describe("name resolution", () => {
  test("is the host's with the host's network only", () => {
    expect(resolve({ network: "none" }).nameResolution).toEqual({});
    const present = ["/etc/resolv.conf", "/etc/hosts"].filter((path) => existsSync(path));
    expect(resolve({ network: "host" }).nameResolution).toEqual(
      Object.fromEntries(present.map((path) => [path, realpathSync(path)])),
    );
  });
});

describe("variables", () => {
  const caller = { HOME: "/nowhere", TOKEN: "secret", EMPTY: "" };
  const variables = (...environment: readonly string[]): Job["environment"] =>
    resolve({ environment }, caller).environment;

  test.each([
    [[], {}],
    [["A=1"], { A: "1" }],
    [["A="], { A: "" }],
    [["A=b=c d"], { A: "b=c d" }],
    [["TOKEN"], { TOKEN: "secret" }],
    [["EMPTY"], { EMPTY: "" }],
    [["ABSENT"], {}],
    [["TOKEN", "TOKEN=other"], { TOKEN: "other" }],
    [["_a1=x"], { _a1: "x" }],
  ])("%p", (environment: string[], expected) => expect(variables(...environment)).toEqual(expected as never));

  test.each(["", "=1", "1A=x", "A-B=x", "A B=x", "ä=x", "A.B", "A\n=x"])("%p is refused", (text) => {
    let thrown: unknown;
    try {
      variables(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(
      new CupelError("usage", `--env ${JSON.stringify(text)} names no variable; write NAME=value or NAME`),
    );
  });
});
