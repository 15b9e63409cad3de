import { expect, test } from "bun:test";
import type { HelperPort } from "../../src/launch/helper-port.ts";
import { parseSecurityOptions } from "../../src/probes/_docker-engine.ts";
import docker from "../../src/probes/docker.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, exited, type FixtureHelpers, type FixtureHostParts } from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

type Answers = NonNullable<FixtureHostParts["programs"]>;

const account = {
  ServerVersion: "28.2.2",
  SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
  CgroupVersion: "2",
  CgroupDriver: "systemd",
  DefaultRuntime: "runc",
  KernelVersion: "6.12.1",
  Warnings: null,
};

const imported = `sha256:${"0".repeat(64)}\n`;

function answers(info: Answers[string] = JSON.stringify(account), ran: Answers[string] = insideOutput()): Answers {
  return {
    "/usr/bin/docker": exited(1, "", "docker: no such command"),
    "/usr/bin/docker --version": "Docker version 28.2.2, build e6534b4\n",
    "/usr/bin/docker context inspect": "unix:///var/run/docker.sock\n",
    "/usr/bin/docker info": info,
    "/usr/bin/docker import": imported,
    "/usr/bin/docker run": ran,
    "/usr/bin/docker rm --force": "",
    "/usr/bin/docker image rm": "",
  };
}

/** What the client is asked for once it is known that an engine answers; fresh names are NAME. */
async function listCalls(programs: Answers): Promise<string[]> {
  const transcripts = { ...asUser, outside: outsideTranscript };
  const context = createFixtureContext({ host: { programs, files }, helpers: { transcripts } });
  const calls: string[] = [];
  const helpers: HelperPort = {
    ...context.helpers,
    keep: (program, words, options) => {
      calls.push(words.join(" ").replaceAll(/cupel-[0-9a-z]{4,10}\b(?!:)/g, "NAME"));
      return context.helpers.keep(program, words, options);
    },
  };
  await docker.run({ ...context, helpers });
  return calls.slice(2);
}

const files = { "/proc/sys/kernel/osrelease": "6.12.1\n" };

async function find(programs: Answers, host: FixtureHostParts = {}, helpers: FixtureHelpers = {}) {
  const transcripts = { ...asUser, outside: outsideTranscript };
  const context = createFixtureContext({
    host: { programs, ...host, files: { ...files, ...host.files } },
    helpers: { transcripts, ...helpers },
  });
  return docker.run(context);
}

test("works where the engine answers and a container keeps what it was told to", async () => {
  expect(printFindings(await find(answers()))).toMatchInlineSnapshot(`
    "
    program.docker: works (declared) = /usr/bin/docker
      /usr/bin/docker: Docker version 28.2.2, build e6534b4; what it can do here: docker.engine and docker.run
      | look for docker in PATH -> /usr/bin/docker
      | run /usr/bin/docker --version -> exit 0: Docker version 28.2.2, build e6534b4
    docker.engine: works (exercised) = root
      Docker 28.2.2; as root; control groups v2 by systemd; runtime runc; with seccomp, cgroupns; who may speak to it is as good as root on this machine
      | docker context inspect -> unix:///var/run/docker.sock
      | docker info -> Docker 28.2.2; as root; control groups v2 by systemd; runtime runc; with seccomp, cgroupns
    docker.run: works (enforced)
      docker: ran a container from an image of cupel's own, without a network
      | docker import ARCHIVE IMAGE -> exit 0
      | docker run --rm --pull=never --network=none --read-only --cap-drop=ALL --security-opt=no-new-privileges --workdir=/ --user=0 IMAGE /prober -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/200
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 0
      | create a file in / inside -> EROFS
    "
  `);
});

test("asks for a plain runtime where the daemon's default is none and it has one", async () => {
  const guarded = { ...account, DefaultRuntime: "runsc", Runtimes: { runsc: { path: "/usr/bin/runsc" }, runc: {} } };
  const calls = await listCalls(answers(JSON.stringify(guarded)));
  expect(calls).toContain(running.replace("--cap-drop=ALL", "--cap-drop=ALL --runtime=runc"));
  const found = (await find(answers(JSON.stringify(guarded))))["docker.run"];
  expect(found).toMatchObject({ state: "works", value: "runc" });
  expect(found.evidence[1]?.action).toContain("--runtime=runc");
  const failed = answers(JSON.stringify(guarded), exited(125, "", "docker: Error response from daemon: no"));
  expect((await find(failed))["docker.run"]).toMatchObject({ state: "blocked", value: "runc" });
  const alone = { ...guarded, Runtimes: { runsc: {} } };
  expect(await listCalls(answers(JSON.stringify(alone)))).toContain(running);
});

test("a rootless engine makes nobody root, and says that it is one", async () => {
  const rootless = { ...account, SecurityOptions: [...account.SecurityOptions, "name=rootless"] };
  const found = (await find(answers(JSON.stringify(rootless))))["docker.engine"];
  expect(found).toMatchObject({ state: "works", value: "/var/run/docker.sock" });
  expect(found.summary).not.toContain("as good as root");
});

const running =
  "run --rm --pull=never --network=none --read-only --cap-drop=ALL --security-opt=no-new-privileges --workdir=/ --user=0 --name=NAME cupel-probe:NAME /prober inside";
const importing = "import /state/root.tar cupel-probe:NAME";
const removing = "image rm cupel-probe:NAME";

test("takes its image away, and a container that did not end by itself", async () => {
  expect(await listCalls(answers())).toEqual([importing, running, removing]);
  const failed = answers(JSON.stringify(account), exited(125, "", "docker: Error response from daemon: no"));
  expect(await listCalls(failed)).toEqual([importing, running, "rm --force NAME", removing]);
  const refused = { ...answers(), "/usr/bin/docker import": exited(1, "", "Error response from daemon: no") };
  expect(await listCalls(refused)).toEqual([importing, removing]);
  const away = { ...refused, "/usr/bin/docker image rm": exited(1, "", "Error response from daemon: No such image") };
  expect(await listCalls(away)).toEqual([importing, removing]);
});

test.each(["See 'docker run --help'.", "\nRun 'docker run --help' for more information"])(
  "a container that the engine does not make is told by what it says, and not by %j behind that",
  async (hint) => {
    const said = "docker: Error response from daemon: rlimit is too low";
    const found = (await find(answers(JSON.stringify(account), exited(125, "", `${said}\n${hint}\n`))))["docker.run"];
    expect(found).toMatchObject({ state: "blocked", blockers: [{ code: "rlimit", detail: `docker: ${said}` }] });
  },
);

test("an image that cannot be taken away is asked for again, and named", async () => {
  const said = "Error response from daemon: conflict";
  const busy = { ...answers(), "/usr/bin/docker image rm": exited(1, "", said) };
  const [calls, { "docker.run": found }] = await Promise.all([listCalls(busy), find(busy)]);
  const [first, second, ...removals] = calls;
  expect([first, second, ...new Set(removals)]).toEqual([importing, running, removing]);
  expect(removals.length).toBeGreaterThan(1);
  expect(found.state).toBe("works");
  expect(found.evidence).toContainEqual({
    action: expect.stringMatching(/^docker image rm cupel-probe:cupel-\w+$/) as string,
    result: said,
  });
});

test("what the engine does not import it is blocked from, by what it says", async () => {
  const said = "Error response from daemon: authorization denied by plugin";
  const found = (await find({ ...answers(), "/usr/bin/docker import": exited(1, "", `${said}\n`) }))["docker.run"];
  const detail = `docker could not import an image: ${said}`;
  expect(found).toMatchObject({
    state: "blocked",
    level: "exercised",
    summary: detail,
    evidence: [{ action: "docker import ARCHIVE IMAGE", result: said }],
    blockers: [{ code: "unknown", detail }],
  });
});

const hungImport = { status: "timeout", stdout: "", stderr: "", durationMs: 5000 } as const;

test.each([
  [exited(1, "", "open /state/root.tar: permission denied"), "open /state/root.tar: permission denied"],
  [hungImport, "no end after 5000 ms; killed"],
] as const)("nothing is claimed where the engine was asked for nothing, or said nothing", async (answer, said) => {
  const found = (await find({ ...answers(), "/usr/bin/docker import": answer }))["docker.run"];
  expect(found).toMatchObject({ state: "unknown", summary: `could not be tried: ${said}`, blockers: [] });
});

test("nothing is claimed where there is no place for an archive", async () => {
  const found = (await find(answers(), {}, { noPlace: "/state can be changed by others" }))["docker.run"];
  expect(found).toMatchObject({ state: "unknown", summary: "could not be tried: /state can be changed by others" });
});

test.each([
  [{ "namespace-network": { value: 105 } }, "the network namespace inside is the one outside"],
  [{ "seccomp-mode": { value: 0 } }, "no system call filter is loaded"],
  [{ "no-new-privs": { value: 0 } }, "no_new_privs is not set"],
] as const)("a container with %j is broken", async (differences, lack) => {
  const found = (await find(answers(JSON.stringify(account), insideOutput(differences))))["docker.run"];
  expect(found).toMatchObject({ state: "broken", summary: `docker ends well and isolates too little: ${lack}` });
});

test.each(["tcp://10.0.0.1:2376", "ssh://ada@far"])("%s is another machine", async (endpoint) => {
  const found = await find({ ...answers(), "/usr/bin/docker context inspect": `${endpoint}\n` });
  expect(found["docker.engine"]).toMatchObject({
    state: "unknown",
    summary: `the client speaks to ${endpoint}, which is another machine: nothing that it can do is said of this one`,
  });
});

test("an engine on another kernel is another machine too, though its socket is here", async () => {
  const found = await find(answers(), { files: { "/proc/sys/kernel/osrelease": "6.1.0\n" } });
  expect(found["docker.engine"].summary).toBe(
    "the engine runs on another kernel (6.12.1): nothing that it can do is said of this machine",
  );
  expect(found["docker.run"].state).toBe("unknown");
});

const silent = exited(
  1,
  '{"ServerErrors":["Cannot connect"]}',
  "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
);

test("no socket, or one that nobody answers, is no engine", async () => {
  expect((await find(answers(silent)))["docker.engine"]).toMatchObject({
    state: "absent",
    summary: "no engine: nothing is at /var/run/docker.sock",
  });
  const left = { "/var/run/docker.sock": { status: { kind: "socket", mode: 0o660 } } } as const;
  expect((await find(answers(silent), { files: left }))["docker.engine"]).toMatchObject({
    state: "absent",
    summary: "no engine: nobody answers at /var/run/docker.sock, which somebody left there",
  });
});

const denied = exited(1, "", "permission denied while trying to connect to the Docker daemon socket");
const guarded = {
  "/var/run/docker.sock": { status: { kind: "socket", mode: 0o660, gid: 106 } },
  "/etc/group": "root:x:0:\ndocker:x:106:grace\n",
  "/etc/passwd": "ada:x:1000:1000::/home/ada:/bin/sh\n",
} as const;

test("a socket for others is their policy, and its group is as good as root", async () => {
  expect(printFindings(await find(answers(denied), { files: guarded }))).toMatchInlineSnapshot(`
    "
    program.docker: works (declared) = /usr/bin/docker
      /usr/bin/docker: Docker version 28.2.2, build e6534b4; what it can do here: docker.engine and docker.run
      | look for docker in PATH -> /usr/bin/docker
      | run /usr/bin/docker --version -> exit 0: Docker version 28.2.2, build e6534b4
    docker.engine: blocked (exercised)
      /var/run/docker.sock is for group docker, whose members are as good as root; this user may not use it
      | docker context inspect -> unix:///var/run/docker.sock
      | stat /var/run/docker.sock -> socket, mode 660, owner 0, group 106
      | docker info -> permission denied while trying to connect to the Docker daemon socket
      ! policy: /var/run/docker.sock is for group docker, whose members are as good as root; this user may not use it
    docker.run: blocked (exercised)
      … the last 5 lines of docker.engine
    "
  `);
});

test("a session that began before its user joined the group is told so", async () => {
  const joined = { ...guarded, "/etc/group": "docker:x:106:grace,ada\n" };
  const found = (await find(answers(denied), { files: joined }))["docker.engine"];
  expect(found.blockers).toEqual([
    {
      code: "policy",
      detail:
        "/var/run/docker.sock is for group docker, which this user has joined, but this session began before that",
    },
  ]);
});

test("an engine that hangs is unknown, one that talks nonsense broken", async () => {
  const hung = { status: "timeout", stdout: "", stderr: "", durationMs: 5000 } as const;
  const there = { "/var/run/docker.sock": { status: { kind: "socket" } } } as const;
  expect((await find(answers(hung as never)))["docker.engine"].state).toBe("unknown");
  expect((await find(answers("[]"), { files: there }))["docker.engine"].state).toBe("broken");
});

test("options are known by their names", () => {
  expect(parseSecurityOptions(["name=seccomp,profile=default", "apparmor", "name=rootless"])).toEqual([
    "seccomp",
    "apparmor",
    "rootless",
  ]);
});
