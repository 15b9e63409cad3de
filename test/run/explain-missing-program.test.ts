import { describe, expect, test } from "bun:test";
import type { Job } from "../../src/model/job.ts";
import { explainMissingProgram } from "../../src/run/explain-missing-program.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { createFixtureHost, type FixtureHostParts } from "../support/fixture-host.ts";

function explain(program: string, host: FixtureHostParts = {}, job: Partial<Job> = {}): string {
  return explainMissingProgram(jobOf({ ...job, command: [program] }), createFixtureHost(host));
}

const inHome = { programs: { "/home/ada/.cargo/bin/cargo": "" } };

describe("explainMissingProgram", () => {
  test.each(["nothing", "/no/such/program", "./nothing"])("says of %s that it is nowhere", (name) =>
    expect(explain(name)).toBe(`${name}: command not found`),
  );

  test("says where a program of PATH is, and which flags grant it", () =>
    expect(explain("cargo", inHome)).toBe(
      "cargo: not found in the sandbox; it is at /home/ada/.cargo/bin/cargo, which is not granted; add --tools (or --read /home/ada/.cargo/bin)",
    ));

  test("names the first of PATH", () => {
    const programs = { "/opt/b/bin/tool": "", "/opt/a/bin/tool": "" };
    expect(explain("tool", { programs })).toContain("it is at /opt/b/bin/tool,");
  });

  test("does not speak of PATH where the program was named by its path", () =>
    expect(explain("/opt/app/run", { files: { "/opt/app/run": "" } })).toBe(
      "/opt/app/run: not found in the sandbox; it is at /opt/app/run, which is not granted; add --read /opt/app",
    ));

  test("looks for a relative path where the job starts", () =>
    expect(explain("../tool", { files: { "/home/ada/tool": "" } })).toBe(
      "../tool: not found in the sandbox; it is at /home/ada/tool, which is not granted; add --read /home/ada",
    ));

  test.each([
    ["of the system", "/usr/bin/tool", {}],
    ["of the workspace", "/home/ada/project/tool", {}],
    ["that is granted", "/srv/tool", { grants: [{ path: "/srv/tool", access: "read" }] }],
    ["below what is granted", "/srv/a/tool", { grants: [{ path: "/srv", access: "write" }] }],
  ] as const)("blames the interpreter of a program %s: it is there", (_, path, job) =>
    expect(explain(path, { files: { [path]: "#!/no/such/interpreter\n" } }, job)).toBe(
      `${path}: ${path} is there, but its interpreter or loader is not`,
    ),
  );

  test("says of a script in the workspace, called by a relative path, that it is there", () =>
    expect(explain("./run.sh", { files: { "/home/ada/project/run.sh": "" } })).toBe(
      "./run.sh: /home/ada/project/run.sh is there, but its interpreter or loader is not",
    ));

  test("does not take a neighbour of what is granted for granted", () => {
    const job = { grants: [{ path: "/srv/a", access: "read" }] } as const;
    expect(explain("/srv/ab/tool", { files: { "/srv/ab/tool": "" } }, job)).toContain("which is not granted");
  });

  test("does not take the workspace's place for shown where the job has an empty one", () => {
    const job = { workspace: { mode: "empty", why: "" }, directory: "/" } as const;
    expect(explain("/home/ada/project/tool", { files: { "/home/ada/project/tool": "" } }, job)).toContain(
      "not granted",
    );
  });
});
