import { expect, test } from "bun:test";
import { parseScope } from "../../src/probes/_systemd-scope.ts";
import systemd from "../../src/probes/systemd-manager.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, exited, type FixtureHostParts } from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

const booted = { "/run/systemd/system/x": "", "/proc/1/comm": "systemd\n" };
const group = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers";
const running = {
  ...booted,
  "/run/user/1000/systemd/private": { status: { kind: "socket" } },
  [group]: "cpu memory pids\n",
} as const;

const programs: NonNullable<FixtureHostParts["programs"]> = {
  "/usr/bin/systemd-run": insideOutput(),
  "/usr/bin/systemd-run --user --scope": "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n",
  "/usr/bin/systemd-run --version": "systemd 257 (257.4)\n",
  "/usr/bin/systemctl": "running\n",
  "/usr/bin/cat": "",
};

async function find(host: FixtureHostParts) {
  return systemd.run(
    createFixtureContext({ host, helpers: { transcripts: { ...asUser, outside: outsideTranscript } } }),
  );
}

test("works where the manager runs a command in a scope of its own", async () => {
  const { "systemd.run": _, ...found } = await find({ files: running, programs });
  expect(printFindings(found)).toMatchInlineSnapshot(`
    "
    program.systemd-run: works (declared) = /usr/bin/systemd-run
      /usr/bin/systemd-run: systemd 257 (257.4); what it can do here: cgroup.user-manager and systemd.run
      | look for systemd-run in PATH -> /usr/bin/systemd-run
      | run /usr/bin/systemd-run --version -> exit 0: systemd 257 (257.4)
    systemd.system: works (declared)
      systemd is the first process
      | look at /run/systemd/system -> directory
      | read /proc/1/comm -> systemd
    cgroup.user-manager: works (exercised) = cpu memory pids
      the manager (running) ran a command in a scope of its own; it may hand on cpu memory pids
      | XDG_RUNTIME_DIR -> not set
      | stat /run/user/1000/systemd/private -> socket
      | systemctl --user is-system-running -> exit 0: running
      | read /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers -> cpu memory pids
      | systemd-run --user --scope --quiet --collect --property=TasksMax=16 --property=MemoryMax=64M -> exit 0: 0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope
    "
  `);
});

test("is absent where another program is the first", async () => {
  const found = await find({ files: { "/proc/1/comm": "tini\n" }, programs });
  expect(found["systemd.system"]).toMatchObject({ state: "absent", summary: "no systemd: the first process is tini" });
  expect(found["cgroup.user-manager"].state).toBe("absent");
});

test("a container that shares /run has no systemd for it", async () => {
  const found = await find({ files: { ...running, "/proc/1/comm": "bash\n" }, programs });
  expect(found["systemd.system"]).toMatchObject({
    state: "absent",
    summary: "no systemd: the first process here is bash, though /run/systemd/system is there",
  });
});

test("nobody logged in: no manager", async () => {
  const found = (await find({ files: booted, programs }))["cgroup.user-manager"];
  expect(found).toMatchObject({ state: "blocked", blockers: [{ code: "cgroup-delegation" }] });
  expect(found.summary).toBe("no manager runs for user 1000: nobody logged in as them, and they do not linger");
});

test("is degraded where a controller is not handed on", async () => {
  const found = (await find({ files: { ...running, [group]: "memory pids\n" }, programs }))["cgroup.user-manager"];
  expect(found).toMatchObject({
    state: "degraded",
    blockers: [{ code: "cgroup-delegation", detail: "the manager may not hand on cpu" }],
  });
});

test.each([
  ["cannot be asked", { "/usr/bin/systemctl": exited(1, "", "Failed to connect to bus: No medium found") }, "blocked"],
  ["says that it is offline", { "/usr/bin/systemctl": exited(1, "offline\n") }, "blocked"],
  ["hangs", { "/usr/bin/systemctl": { status: "timeout", stdout: "", stderr: "", durationMs: 3000 } }, "unknown"],
  [
    "makes no scope",
    { "/usr/bin/systemd-run --user --scope": exited(1, "", "Failed to start transient scope unit") },
    "blocked",
  ],
  ["runs the command in no scope", { "/usr/bin/systemd-run --user --scope": "0::/init.scope.d/x\n" }, "blocked"],
  [
    "hangs on a scope",
    { "/usr/bin/systemd-run --user --scope": { status: "timeout", stdout: "", stderr: "", durationMs: 1 } },
    "unknown",
  ],
] as const)("a manager that %s", async (_, differences, state) => {
  const found = (await find({ files: running, programs: { ...programs, ...differences } }))["cgroup.user-manager"];
  expect(found.state).toBe(state);
});

test("a manager that is degraded answers all the same", async () => {
  const answers = { ...programs, "/usr/bin/systemctl": exited(1, "degraded\n") };
  expect((await find({ files: running, programs: answers }))["cgroup.user-manager"].state).toBe("works");
});

test("a scope is known by the group of the only process in it", () => {
  expect(parseScope("1:name=systemd:/user.slice/run-1.scope\n0::/\n")).toBe("/user.slice/run-1.scope");
  expect(parseScope("0::/user.slice/session-1.service\n")).toBeUndefined();
});

test("without systemd there is no unit, and no package to install for one", async () => {
  const found = await find({ files: { "/proc/1/comm": "tini\n" } });
  expect(found["systemd.run"]).toEqual(found["systemd.system"]);
  expect(found["program.systemd-run"].blockers).toEqual([
    { code: "package-missing", detail: "no systemd-run in PATH" },
  ]);
});

test("a unit takes both of systemd's programs", async () => {
  const { "/usr/bin/systemctl": control, ...others } = programs;
  const withoutRun = await find({ files: booted, programs: { "/usr/bin/systemctl": control as string }, uid: 0 });
  expect(withoutRun["systemd.run"]).toEqual(withoutRun["program.systemd-run"]);
  expect((await find({ files: booted, programs: others, uid: 0 }))["systemd.run"]).toEqual({
    state: "absent",
    level: "exercised",
    summary: "not installed",
    evidence: [{ action: "look for systemctl in PATH", result: "not there" }],
    blockers: [{ code: "package-missing", detail: "no systemctl in PATH" }],
    ruledOut: [],
  });
});

test("a user's unit is behind that user's manager, and root's is not", async () => {
  const found = await find({ files: booted, programs });
  expect(found["systemd.run"]).toEqual(found["cgroup.user-manager"]);
  const asRoot = await find({ files: booted, programs, uid: 0 });
  expect(asRoot["cgroup.user-manager"].state).toBe("blocked");
  expect(asRoot["systemd.run"]).toMatchObject({ state: "works", value: "system" });
});

test("a manager that hands on too little for limits runs a unit all the same", async () => {
  const found = await find({ files: { ...running, [group]: "memory pids\n" }, programs });
  expect(found["cgroup.user-manager"].state).toBe("degraded");
  expect(found["systemd.run"]).toMatchObject({ state: "works", value: "user" });
});
