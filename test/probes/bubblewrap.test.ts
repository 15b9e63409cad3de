import { expect, test } from "bun:test";
import { parseCause, parseFailedStep } from "../../src/probes/_engine-failure.ts";
import bubblewrap from "../../src/probes/bubblewrap.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, exited, type FixtureHelpers, type FixtureHostParts } from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript, type InsideSteps } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

const help = "--disable-userns\n--size BYTES\n--argv0 VALUE\n--overlay RWSRC\n";

async function find(
  programs: NonNullable<FixtureHostParts["programs"]>,
  host: FixtureHostParts = {},
  helpers: FixtureHelpers = {},
): Promise<string> {
  const context = createFixtureContext({
    host: { ...host, programs },
    helpers: { transcripts: { ...asUser, outside: outsideTranscript }, ...helpers },
  });
  return printFindings(await bubblewrap.run(context));
}

/** A bwrap of this version that has the prober say this. */
function bwrap(version: string, ran: string | ReturnType<typeof exited>): NonNullable<FixtureHostParts["programs"]> {
  return {
    "/usr/bin/bwrap": ran,
    "/usr/bin/bwrap --version": `bubblewrap ${version}\n`,
    "/usr/bin/bwrap --help": help,
  };
}

function saw(differences: InsideSteps) {
  return find(bwrap("0.9.0", insideOutput(differences)));
}

test("works where the job was alone, saw its files and wrote none", async () => {
  expect(await find(bwrap("0.11.0", insideOutput()))).toMatchInlineSnapshot(`
    "
    program.bwrap: works (enforced) = /usr/bin/bwrap
      bubblewrap 0.11.0: /usr/bin/bwrap: a job saw its files, wrote none of them, and was alone; no option is missing
      | look for bwrap in PATH -> /usr/bin/bwrap
      | run /usr/bin/bwrap --version -> exit 0: bubblewrap 0.11.0
      | mode of bwrap -> plain
      | open the canary for writing outside -> ok
      | bwrap --unshare-all --unshare-user --cap-drop ALL --new-session --die-with-parent --clearenv --ro-bind / / --proc /proc --dev /dev --chdir / --disable-userns -- prober -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/200
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 0
      | create a file in / inside -> EROFS
    "
  `);
});

test("says whose it is where cupel answers to that name", async () => {
  expect(await find(bwrap("0.11.0 (cupel)", insideOutput()))).toContain(
    "bubblewrap 0.11.0 (cupel): /usr/bin/bwrap (made by cupel bwrap): a job saw its files",
  );
});

test("names the options that it lacks", async () => {
  const programs = { ...bwrap("0.8.0", insideOutput()), "/usr/bin/bwrap --help": "--disable-userns\n--size BYTES\n" };
  expect(await find(programs)).toContain("; it has no --argv0, overlays");
});

test("is broken where it ends well and isolates nothing", async () => {
  const outside = Object.fromEntries(
    ["network", "pid"].map((kind) => [`namespace-${kind}`, { value: kind === "pid" ? 102 : 105 }]),
  );
  expect(await saw(outside)).toContain("isolates too little: the network, pid namespace inside is the one outside");
  expect(await saw({ "root-write": {} })).toContain(
    "broken (exercised)\n  /usr/bin/bwrap: bubblewrap 0.9.0 ends well and isolates too little: its root can be written to",
  );
  expect(await saw({ write: {} })).toContain("a write into the read-only root gave ok, not EROFS");
  expect(await saw({ read: { errno: 2 } })).toContain("what should be visible cannot be read (ENOENT)");
  expect(await saw({ "unshare-user": {} })).toContain("a user namespace could be made inside");
});

test("is broken where it ends well and runs nothing", async () => {
  expect(await find(bwrap("0.9.0", ""))).toMatchInlineSnapshot(`
    "
    program.bwrap: broken (exercised)
      /usr/bin/bwrap: bubblewrap 0.9.0 ends well, but what it was to run did not run
      | look for bwrap in PATH -> /usr/bin/bwrap
      | run /usr/bin/bwrap --version -> exit 0: bubblewrap 0.9.0
      | mode of bwrap -> plain
      | open the canary for writing outside -> ok
      | bwrap --unshare-all --unshare-user --cap-drop ALL --new-session --die-with-parent --clearenv --ro-bind / / --proc /proc --dev /dev --chdir / --disable-userns -- prober -> exit 0
    "
  `);
});

test("proves nothing where the canary cannot be written outside either", async () => {
  const transcripts = { ...asUser, outside: outsideTranscript.replace("write ok", "write EROFS") };
  const found = await find(bwrap("0.9.0", insideOutput()), {}, { transcripts });
  expect(found).toContain(
    "unknown (inferred)\n  could not be established: what is denied inside is denied outside too (EROFS)",
  );
});

test("is too old without --disable-userns", async () => {
  expect(await find(bwrap("0.7.0", insideOutput()))).toMatchInlineSnapshot(`
    "
    program.bwrap: blocked (declared)
      /usr/bin/bwrap: bwrap 0.7 has no --disable-userns, which came with 0.8
      | look for bwrap in PATH -> /usr/bin/bwrap
      | run /usr/bin/bwrap --version -> exit 0: bubblewrap 0.7.0
      ! package-version: bwrap 0.7 has no --disable-userns, which came with 0.8
    "
  `);
});

test("is degraded where it is set-uid, which excludes --disable-userns", async () => {
  const files = { "/usr/bin/bwrap": { status: { mode: 0o4755 } } };
  const found = await find(bwrap("0.9.0", insideOutput({ "unshare-user": {} })), { files });
  expect(found).toContain("program.bwrap: degraded (exercised)");
  expect(found).toContain("! policy: set-uid: it does not take --disable-userns, so a job can make user namespaces");
});

test("is blocked where it is denied, by the causes that deny the launcher too", async () => {
  const said = "bwrap: Creating new namespace failed: Operation not permitted";
  const transcripts = {
    outside: outsideTranscript,
    attribution:
      "seccomp-mode ok 2\nunshare-zero EPERM\nunshare-bad-user EPERM\nclone-user EPERM\nunshare-user EPERM\neffective-uid ok 1000\n",
  };
  expect(await find(bwrap("0.9.0", exited(1, "", said)), {}, { transcripts })).toMatchInlineSnapshot(`
    "
    program.bwrap: blocked (exercised)
      bwrap: Creating new namespace failed: Operation not permitted: a system call filter denies unshare (EPERM)
      | look for bwrap in PATH -> /usr/bin/bwrap
      | run /usr/bin/bwrap --version -> exit 0: bubblewrap 0.9.0
      | mode of bwrap -> plain
      | open the canary for writing outside -> ok
      | bwrap --unshare-all --unshare-user --cap-drop ALL --new-session --die-with-parent --clearenv --ro-bind / / --proc /proc --dev /dev --chdir / --disable-userns -- prober -> bwrap: Creating new namespace failed: Operation not permitted
      | prctl(PR_GET_SECCOMP) -> ok, 2
      | unshare(0) -> EPERM
      | unshare(CLONE_NEWUSER | unknown flag) -> EPERM
      | clone(CLONE_NEWUSER) -> EPERM
      | unshare(CLONE_NEWUSER) -> EPERM
      ! seccomp: a system call filter denies unshare (EPERM)
      - not sysctl, capability, lsm:apparmor, lsm:selinux, proc-masked, mount-propagation, rlimit, kernel-config, no-new-privs
    "
  `);
});

test("is blocked by AppArmor where only a profile of its own can deny it a user namespace", async () => {
  const said = "bwrap: Creating new namespace failed: Permission denied";
  const files = { "/sys/module/apparmor/parameters/enabled": "Y\n" };
  const found = await find(bwrap("0.9.0", exited(1, "", said)), { files });
  expect(found).toContain("program.bwrap: blocked (exercised)");
  expect(found).toContain(
    "! lsm:apparmor: the profile attached to the path of bubblewrap 0.9.0 may not create a user namespace (EACCES)",
  );
  const enforcing = { ...files, "/sys/fs/selinux/enforce": "1" };
  expect(await find(bwrap("0.9.0", exited(1, "", said)), { files: enforcing })).toContain("! unknown: ");
});

test("says what it said where that is not understood", async () => {
  const found = await find(bwrap("0.9.0", exited(1, "", "bwrap: Unknown trouble")));
  expect(found).toContain("! unknown: bubblewrap 0.9.0 could not run it: bwrap: Unknown trouble");
});

test("is unknown where it hangs, or has no place to be tried in", async () => {
  const hung = { status: "timeout", stdout: "", stderr: "", durationMs: 2000 } as const;
  expect(await find({ ...bwrap("0.9.0", ""), "/usr/bin/bwrap": hung })).toContain(
    "unknown (inferred)\n  could not be established: no end after 2000 ms",
  );
  expect(await find(bwrap("0.9.0", ""), {}, { noPlace: "every place is noexec" })).toContain(
    "could not be tried: every place is noexec",
  );
});

test("leaves one in the workspace aside", async () => {
  const programs = { "/home/ada/project/bin/bwrap": "bubblewrap 0.9.0" };
  const host = { directory: "/home/ada/project", environment: { HOME: "/home/ada" } };
  expect(await find(programs, host)).toMatchInlineSnapshot(`
    "
    program.bwrap: absent (exercised)
      not installed
      | look for bwrap in PATH -> not there
      | leave /home/ada/project/bin/bwrap aside -> in the current directory
      ! package-missing: no bwrap in PATH
    "
  `);
  const home = await find({ "/home/ada/.local/bin/bwrap": "bubblewrap 0.9.0" }, { ...host, directory: "/home/ada" });
  expect(home).not.toContain("aside");
});

test.each([
  ["bwrap: No permissions to create new namespace", { step: "user-namespace", errno: "EPERM" }],
  ["bwrap: setting up uid map: Permission denied", { step: "map-ids", errno: "EACCES" }],
  ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted", { step: "mount-proc", errno: "EPERM" }],
  ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", { step: "loopback", errno: "EPERM" }],
  ["bwrap: Failed to make / slave: Permission denied", { step: "mount-private", errno: "EACCES" }],
  ["bwrap: Creating new namespace failed: No space left on device", { step: "user-namespace", errno: "ENOSPC" }],
  ["bwrap: execvp true: No such file or directory", undefined],
])("%s", (text, step) => {
  expect(parseFailedStep(text)).toEqual(step);
});

test.each([
  ["cgroups in hybrid mode not supported, drop all controllers from cgroupv2", "cgroup-version"],
  ["crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted", "rlimit"],
  ["cannot set up namespace using newuidmap: exit status 1", "idmap"],
  ["mkdir /sys/fs/cgroup/pids/x: permission denied", "cgroup-delegation"],
  ["something else", undefined],
] as const)("%s: %p", (text, cause) => {
  expect(parseCause(text)).toBe(cause);
});
