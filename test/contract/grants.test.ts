/** What grants mean together: reads within writes, tools within grants, the kernel's files within either. */
import { describe, expect, test } from "bun:test";
import type { Host } from "../../src/host/host.ts";
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import type { Job } from "../../src/model/job.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { resolveJob } from "../../src/run/resolve-job.ts";
import type { ToolGrants } from "../../src/run/tool-grants.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const realHost = createRealHost();

function resolve(parts: Partial<JobRequest>, directory: string, tools?: ToolGrants): Job {
  const host = { ...realHost, directory, environment: {} };
  return resolveJob({ ...defaultRequest, ...parts }, { host, stateDirectories: [], tools });
}

function refusal(parts: Partial<JobRequest>, directory: string): unknown {
  try {
    return resolve(parts, directory).grants;
  } catch (error) {
    return error instanceof CupelError && error.code === "usage" ? error.message : error;
  }
}

function makePlaces(): TempDir {
  const directory = makeTempDir();
  for (const name of ["project/data/deep", "other"]) directory.folder(name);
  return directory;
}

describe("a grant to read within one to write", () => {
  test("is refused: a job could put something else in its place", () => {
    using place = makePlaces();
    const [project, data] = [place.at("project"), place.at("project/data")];
    const message = (read: string, write: string): string =>
      `--read ${read} lies in --write ${write}, where a job could put something else in its place; leave one of them out`;
    expect(refusal({ read: [data], write: [project] }, place.at("other"))).toBe(message(data, project));
    expect(refusal({ read: [data], workspace: "rw" }, project)).toBe(message(data, project));
    expect(refusal({ read: [place.at("project/data/deep")], write: [data] }, project)).toContain("lies in --write");
  });

  test("is no matter where it is the same, beside it or around it", () => {
    using place = makePlaces();
    const [project, data, other] = ["project", "project/data", "other"].map((name) => place.at(name)) as [
      string,
      string,
      string,
    ];
    expect(refusal({ read: [data], write: [data] }, other)).toBeArray();
    expect(refusal({ read: [other], write: [data] }, project)).toBeArray();
    expect(refusal({ read: [project], write: [data] }, other)).toBeArray();
    expect(refusal({ read: [data] }, project)).toBeArray();
  });
});

describe("tools", () => {
  const tools = (...paths: readonly string[]): ToolGrants => ({ paths, directories: [], environment: {} });

  test("that lie in what is granted anyway have no grant of their own", () => {
    using place = makePlaces();
    const [project, data, other] = ["project", "project/data", "other"].map((name) => place.at(name)) as [
      string,
      string,
      string,
    ];
    expect(resolve({}, project, tools(data, project, other)).grants).toEqual([{ path: other, access: "read" }]);
    expect(resolve({ read: [other] }, project, tools(data, other)).grants).toEqual([{ path: other, access: "read" }]);
    expect(resolve({ workspace: "none" }, project, tools(data)).grants).toEqual([{ path: data, access: "read" }]);
  });
});

describe("file systems of the kernel's own", () => {
  test("are hidden within what is granted", () => {
    using place = makePlaces();
    const project = place.at("project");
    const mountinfo = `9 1 0:9 / ${project}/data rw - proc proc rw\n10 1 0:10 / /srv/proc rw - proc proc rw\n`;
    const host = {
      ...realHost,
      directory: project,
      environment: {},
      readText: (path: string) =>
        path === "/proc/self/mountinfo" ? ({ ok: true, value: mountinfo } as const) : realHost.readText(path),
    };
    const job = resolveJob(defaultRequest, { host, stateDirectories: [`${project}/state`], tools: undefined });
    expect(job.hidden).toEqual([`${project}/state`, `${project}/data`]);
  });
});

describe("words", () => {
  test("that are no UTF-8 are refused, for they could not be passed on", () => {
    using place = makePlaces();
    expect(refusal({ command: ["cat", "caf\uFFFD"] }, place.at("other"))).toBe(
      '"caf\uFFFD" is not valid UTF-8, which cupel could not pass on unchanged; rename it',
    );
    expect(refusal({ command: ["cat", "café"] }, place.at("other"))).toBeArray();
  });
});

describe("a directory right below /home", () => {
  const { home } = ordinaryCaller;

  needs(/^\/home\/[^/]+$/.test(home), `${home} is not below /home`)(
    "is no workspace, though no account names it",
    () => {
      const readText: Host["readText"] = () => ({ ok: false, errno: "ENOENT" });
      const host: Host = { ...realHost, directory: home, environment: {}, readText };
      expect(resolveJob(defaultRequest, { host, stateDirectories: [], tools: undefined }).workspace).toEqual({
        mode: "empty",
        why: `${home} is not taken as the workspace, since it holds a whole home directory; the job starts in an empty one`,
      });
    },
  );
});

describe("a workspace to write", () => {
  test("drops the demand for protected names, by whatever flag it is granted", () => {
    using place = makePlaces();
    const project = place.at("project");
    const demands = (parts: Partial<JobRequest>): boolean =>
      resolve(parts, project).demands.required.includes("fs.protected");
    expect([demands({}), demands({ workspace: "rw" }), demands({ write: [project] })]).toEqual([true, false, false]);
    expect([demands({ write: [place.at("other")] }), demands({ write: [place.at("project/data")] })]).toEqual([
      true,
      false,
    ]);
  });
});
