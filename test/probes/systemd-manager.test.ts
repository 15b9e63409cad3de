import { expect, test } from "bun:test";
import { parseScope } from "../../src/probes/_systemd-scope.ts";
import systemd from "../../src/probes/systemd-manager.ts";
import { createFixtureContext, exited, type FixtureHostParts } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const booted = { "/run/systemd/system/x": "", "/proc/1/comm": "systemd\n" };
const group = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers";
const running = {
  ...booted,
  "/run/user/1000/systemd/private": { status: { kind: "socket" } },
  [group]: "cpu memory pids\n",
} as const;

const programs: NonNullable<FixtureHostParts["programs"]> = {
  "/usr/bin/systemd-run": "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n",
  "/usr/bin/systemd-run --version": "systemd 257 (257.4)\n",
  "/usr/bin/systemctl": "running\n",
  "/usr/bin/cat": "",
};

async function find(host: FixtureHostParts) {
  return systemd.run(createFixtureContext({ host, helpers: {} }));
}

test("works where the manager runs a command in a scope of its own", async () => {
  expect(printFindings(await find({ files: running, programs }))).toMatchInlineSnapshot(`
    "
    program.systemd-run: works (declared) = /usr/bin/systemd-run
      /usr/bin/systemd-run: systemd 257 (257.4); what it can do here: cgroup.user-manager
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
  ["makes no scope", { "/usr/bin/systemd-run": exited(1, "", "Failed to start transient scope unit") }, "blocked"],
  ["runs the command in no scope", { "/usr/bin/systemd-run": "0::/init.scope.d/x\n" }, "blocked"],
  [
    "hangs on a scope",
    { "/usr/bin/systemd-run": { status: "timeout", stdout: "", stderr: "", durationMs: 1 } },
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
