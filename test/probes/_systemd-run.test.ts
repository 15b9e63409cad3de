import { expect, test } from "bun:test";
import type { KeptProgram } from "../../src/launch/helper-port.ts";
import { unitWords } from "../../src/launch/systemd-words.ts";
import { runUnit, type SystemdPrograms } from "../../src/probes/_systemd-run.ts";
import type { ProbeContext } from "../../src/probes/_probe.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import {
  createFixtureContext,
  exited,
  failed,
  type FixtureHelpers,
  type FixtureHostParts,
} from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

type Answers = NonNullable<FixtureHostParts["programs"]>;

const client = "/usr/bin/systemd-run";
const control = "/usr/bin/systemctl";

function programsOf(line: string): SystemdPrograms {
  return { run: { ok: true, path: client, line, evidence: [] }, control };
}

function makeContext(answers: Answers, uid: number, helpers: FixtureHelpers = {}): ProbeContext {
  const transcripts = { ...asUser, outside: outsideTranscript };
  return createFixtureContext({ host: { programs: answers, uid }, helpers: { transcripts, ...helpers } });
}

async function find(ran: Answers[string], uid = 1000, helpers: FixtureHelpers = {}) {
  return runUnit(makeContext({ [client]: ran, [control]: "" }, uid, helpers), programsOf("systemd 257 (257.4-1)"));
}

/** Without what every unit of cupel's is told, which is told elsewhere. */
function shorten(text: string, unit = "NAME"): string {
  const managers = ["system", "user"] as const;
  return managers.reduce(
    (shorter, manager) => shorter.replaceAll(unitWords(manager, unit).join(" "), `(words for ${manager})`),
    text,
  );
}

const launchersFour = { value: 2 ** 6 + 2 ** 7 + 2 ** 8 + 2 ** 21 };

test("works where a unit of the user's manager keeps what it was told to", async () => {
  expect(shorten(printFindings({ "systemd.run": await find(insideOutput()) }))).toMatchInlineSnapshot(`
    "
    systemd.run: works (enforced) = user
      the user's systemd: ran a unit with a root and namespaces of its own, without a network
      | systemd-run (words for user) --property=PrivateNetwork=yes --property=RootDirectory=DIRECTORY --property=TemporaryFileSystem=/run:ro,size=4096,mode=0755 /prober inside -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/200
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 0
      | create a file in / inside -> EROFS
    "
  `);
});

test("a unit of root's keeps the capabilities that the launcher makes a job with, and the user namespace", async () => {
  const inside = insideOutput({ "capabilities-effective": launchersFour, "namespace-user": { value: 100 } });
  expect(shorten(printFindings({ "systemd.run": await find(inside, 0) }))).toMatchInlineSnapshot(`
    "
    systemd.run: works (enforced) = system
      systemd: ran a unit with a root and namespaces of its own, without a network
      | systemd-run (words for system) --property=PrivateNetwork=yes --property=RootDirectory=DIRECTORY --property=TemporaryFileSystem=/run:ro,size=4096,mode=0755 /prober inside -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/100
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 2097600
      | create a file in / inside -> EROFS
    "
  `);
});

/** Every program that is run, with fresh names as NAME and the environment. */
async function listCalls(ran: Answers[string], uid: number, stopped: Answers[string] = "") {
  const context = makeContext({ [client]: ran, [control]: stopped }, uid);
  const calls: string[] = [];
  const note = (program: string, words: readonly string[], { environment }: KeptProgram): void => {
    const line = [program, ...words].join(" ").replaceAll(/cupel-probe-[0-9a-z]{4,10}\b/g, "NAME");
    calls.push(`${shorten(line, "NAME.service")} ${JSON.stringify(environment)}`);
  };
  await runUnit(
    {
      ...context,
      helpers: {
        ...context.helpers,
        keep: (program, words, options) => {
          note(program, words, options);
          return context.helpers.keep(program, words, options);
        },
      },
      host: {
        ...context.host,
        run: (program, words, options) => {
          if (program === control) note(program, words, options);
          return context.host.run(program, words, options);
        },
      },
    },
    programsOf("systemd 257 (257.4-1)"),
  );
  return calls;
}

const hung = { status: "timeout", stdout: "", stderr: "", durationMs: 8000 } as const;

test("a unit that does not end is taken away, by whoever it was asked of", async () => {
  expect(await listCalls(insideOutput(), 0)).toHaveLength(1);
  expect(await listCalls(exited(1, ""), 0)).toHaveLength(1);
  expect(await listCalls(hung, 0)).toMatchInlineSnapshot(`
    [
      "/usr/bin/systemd-run (words for system) --property=PrivateNetwork=yes --property=RootDirectory=/state/root --property=TemporaryFileSystem=/run:ro,size=4096,mode=0755 /prober inside {"PATH":"/usr/bin:/bin","LC_ALL":"C"}",
      "/usr/bin/systemctl --system --quiet stop NAME.service {"PATH":"/usr/bin:/bin","LC_ALL":"C"}",
    ]
  `);
  expect(await listCalls(hung, 1000)).toMatchInlineSnapshot(`
    [
      "/usr/bin/systemd-run (words for user) --property=PrivateNetwork=yes --property=RootDirectory=/state/root --property=TemporaryFileSystem=/run:ro,size=4096,mode=0755 /prober inside {"PATH":"/usr/bin:/bin","LC_ALL":"C","XDG_RUNTIME_DIR":"/run/user/1000","DBUS_SESSION_BUS_ADDRESS":"unix:path=/run/user/1000/bus"}",
      "/usr/bin/systemctl --user --quiet stop NAME.service {"PATH":"/usr/bin:/bin","LC_ALL":"C","XDG_RUNTIME_DIR":"/run/user/1000","DBUS_SESSION_BUS_ADDRESS":"unix:path=/run/user/1000/bus"}",
    ]
  `);
});

test.each([
  ["", []],
  [exited(5, "", "Failed to stop cupel-probe-x.service: Unit cupel-probe-x.service not loaded."), []],
  [
    exited(1, "", "Failed to connect to bus"),
    [
      {
        action: expect.stringMatching(/^systemctl --user --quiet stop cupel-probe-\w+\.service$/) as string,
        result: "Failed to connect to bus",
      },
    ],
  ],
] as const)("a hang is no denial; one that stays is named: %j", async (stopped, left) => {
  const context = makeContext({ [client]: hung, [control]: stopped }, 1000);
  const found = await runUnit(context, programsOf("systemd 257 (257.4-1)"));
  expect(found).toEqual({
    state: "unknown",
    level: "inferred",
    summary: "could not be established: no end after 8000 ms; killed",
    evidence: [
      ...left,
      { action: expect.stringContaining("systemd-run --user") as string, result: "no end after 8000 ms; killed" },
    ],
    blockers: [],
    ruledOut: [],
  });
});

test.each([
  ["Unknown assignment: PrivatePIDs=yes", "systemd 252 gives a unit no PID namespace of its own (since 257)"],
  [
    "Failed to start transient service unit: Cannot set property PrivatePIDs, or unknown property.",
    "systemd 252 gives a unit no PID namespace of its own (since 257)",
  ],
  ["Unknown assignment: BindLogSockets=no", "systemd 252 knows no BindLogSockets="],
])("%s is told as a version that is too old", async (said, detail) => {
  const context = makeContext({ [client]: exited(1, "", `${said}\n`) }, 0);
  const found = await runUnit(context, programsOf("systemd 252 (252.39-1~deb12u1)"));
  expect(found).toEqual({
    state: "absent",
    level: "exercised",
    summary: detail,
    evidence: [{ action: expect.stringContaining("systemd-run --system") as string, result: said }],
    blockers: [{ code: "package-version", detail }],
    ruledOut: [],
  });
});

test.each(["200/CHDIR", "203/EXEC", "218/CAPABILITIES", "227/NO_NEW_PRIVILEGES", "228/SECCOMP"])(
  "an end with %s is told by its name, too",
  async (end) => {
    const detail = `systemd could not run it: exit ${end}`;
    expect(await find(exited(Number.parseInt(end, 10), ""), 0)).toEqual({
      state: "blocked",
      level: "exercised",
      summary: detail,
      evidence: [{ action: expect.stringContaining("systemd-run --system") as string, result: `exit ${end}` }],
      blockers: [{ code: "unknown", detail }],
      ruledOut: [],
    });
  },
);

test("namespaces that are denied to the launcher, too, have their cause told by it", async () => {
  const found = await find(exited(226, ""), 1000, { rehearse: failed("user-namespace", "ENOSPC") });
  expect(shorten(printFindings({ "systemd.run": found }))).toMatchInlineSnapshot(`
    "
    systemd.run: blocked (exercised)
      the user's systemd could not run it: exit 226/NAMESPACE: user.max_user_namespaces is not readable here; a surrounding user namespace has reached its limit, or they are nested as deep as can be (33)
      | systemd-run (words for user) --property=PrivateNetwork=yes --property=RootDirectory=DIRECTORY --property=TemporaryFileSystem=/run:ro,size=4096,mode=0755 /prober inside -> exit 226/NAMESPACE
      | launcher: namespaces of the same kinds, with a fresh /proc -> ENOSPC at user-namespace
      | prctl(PR_GET_SECCOMP) -> ok
      | prctl(PR_GET_NO_NEW_PRIVS) -> ok
      | unshare(0) -> ok
      | unshare(CLONE_NEWUSER | unknown flag) -> EINVAL
      | clone3(NULL, 0) -> EINVAL
      | clone(CLONE_NEWUSER | CLONE_FS) -> EINVAL
      | mount(NULL) -> EFAULT
      | open_tree(unknown flag) -> EINVAL
      | whether / is the root of a mount -> ok, 1
      | clone(CLONE_NEWUSER) -> ok
      | unshare(CLONE_NEWUSER) -> ok
      | write own id to uid_map -> ok
      | unshare(CLONE_NEWNS) inside -> ok
      | make / private inside -> ok
      | mount tmpfs inside -> ok
      | bring lo up inside -> ok
      | mount proc inside -> ok
      ! ns-limit: user.max_user_namespaces is not readable here; a surrounding user namespace has reached its limit, or they are nested as deep as can be (33)
      - not seccomp, chroot, idmap, sysctl, capability, lsm:apparmor, lsm:selinux, proc-masked, mount-propagation, rlimit, kernel-config, no-new-privs
    "
  `);
});

test("namespaces that are denied to the manager alone have none", async () => {
  const found = await find(exited(226, ""));
  const detail = "the user's systemd could not run it: exit 226/NAMESPACE";
  expect(found).toMatchObject({ state: "blocked", summary: detail, blockers: [{ code: "unknown", detail }] });
  expect(found.evidence.at(-1)).toEqual({
    action: "launcher: namespaces of the same kinds, with a fresh /proc",
    result: "ok",
  });
});

test("anything else is told by what it said, without the unit's name", async () => {
  const said = "Failed to connect to system scope bus via local transport: No such file or directory";
  const found = await find(exited(1, "", `${said}\n`), 0);
  const detail = `systemd could not run it: ${said}`;
  expect(found).toMatchObject({ state: "blocked", summary: detail, blockers: [{ code: "unknown", detail }] });
});

test.each([
  [1000, { "capabilities-effective": { value: 1 } }, "the user's systemd", "capabilities are left"],
  [0, { "capabilities-effective": { value: 2 ** 40 } }, "systemd", "capabilities are left"],
  [0, { "no-new-privs": { value: 0 } }, "systemd", "no_new_privs is not set"],
  [0, { "root-write": {} }, "systemd", "its root can be written to"],
  [1000, { "namespace-user": { value: 100 } }, "the user's systemd", "the user namespace inside is the one outside"],
  [0, { "namespace-network": { value: 105 } }, "systemd", "the network namespace inside is the one outside"],
] as const)("as %d, a unit with %j is broken", async (uid, differences, name, lack) => {
  const found = await find(insideOutput(differences), uid);
  expect(found).toMatchObject({ state: "broken", summary: `${name} ends well and isolates too little: ${lack}` });
  expect(found.value).toBeUndefined();
});

test("nothing is claimed where there is no place for a root", async () => {
  expect(await find(insideOutput(), 0, { noPlace: "/state can be changed by others" })).toEqual({
    state: "unknown",
    level: "inferred",
    summary: "could not be tried: /state can be changed by others",
    evidence: [{ action: "make a root with the prober", result: "/state can be changed by others" }],
    blockers: [],
    ruledOut: [],
  });
});

test("a root's path is told as it is: quoted, systemd would refuse it", async () => {
  const context = makeContext({ [client]: insideOutput() }, 0);
  const words: string[] = [];
  const helpers: ProbeContext["helpers"] = {
    ...context.helpers,
    root: () => Promise.resolve({ ok: true, path: '/a "state" of 1%/root' }),
    keep: (program, given, options) => {
      words.push(...given);
      return context.helpers.keep(program, given, options);
    },
  };
  await runUnit({ ...context, helpers }, programsOf("systemd 257 (257.4-1)"));
  expect(words).toContain('--property=RootDirectory=/a "state" of 1%/root');
});
