import { expect, test } from "bun:test";
import { parseUserLimits } from "../../src/probes/_podman-run.ts";
import podman from "../../src/probes/podman.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, exited, type FixtureHelpers, type FixtureHostParts } from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

const account = {
  host: {
    cgroupManager: "systemd",
    cgroupVersion: "v2",
    ociRuntime: { name: "crun", path: "/usr/bin/crun" },
    security: { rootless: true, seccompEnabled: true, apparmorEnabled: false, selinuxEnabled: true },
    idMappings: {
      uidmap: [
        { container_id: 0, host_id: 1000, size: 1 },
        { container_id: 1, host_id: 100_000, size: 65_536 },
      ],
    },
  },
};

const flags =
  "--default-mounts-file=/state/engines/pod/mounts.conf --root /state/engines/pod/store --runroot /state/engines/pod/run --storage-driver vfs";
const client = `/usr/bin/podman ${flags}`;

type Answers = NonNullable<FixtureHostParts["programs"]>;

/** Podman with crun and runc; what it says to each. */
function answers(
  crun: Answers[string],
  runc: Answers[string] = "",
  info: Answers[string] = JSON.stringify(account),
): Answers {
  return {
    "/usr/bin/podman --version": "podman version 5.5.2\n",
    "/usr/bin/podman": exited(125, "", "Error: no such command"),
    [`${client} info`]: info,
    [`${client} --runtime /state/engines/pod/crun`]: crun,
    [`${client} --runtime /state/engines/pod/runc`]: runc,
    "/usr/bin/crun": "",
    "/usr/bin/runc": "",
  };
}

async function find(programs: Answers, host: FixtureHostParts = {}, helpers: FixtureHelpers = {}) {
  const transcripts = { ...asUser, outside: outsideTranscript };
  return podman.run(createFixtureContext({ host: { programs, ...host }, helpers: { transcripts, ...helpers } }));
}

const hybrid = exited(
  126,
  "",
  "Error: OCI runtime error: /state/engines/pod/crun: cgroups in hybrid mode not supported\n",
);

test("works where a container kept what it was told to", async () => {
  expect(printFindings(await find(answers(insideOutput())))).toMatchInlineSnapshot(`
    "
    program.podman: works (declared) = /usr/bin/podman
      /usr/bin/podman: podman version 5.5.2; what it can do here: podman.run
      | look for podman in PATH -> /usr/bin/podman
      | run /usr/bin/podman --version -> exit 0: podman version 5.5.2
    podman.info: works (declared) = rootless
      rootless, 65537 user ids; control groups v2 by systemd; runtime crun; with seccomp, SELinux
      | podman info --format json (with a store of cupel's) -> rootless, 65537 user ids; control groups v2 by systemd; runtime crun; with seccomp, SELinux
    podman.run: works (enforced) = crun
      podman with crun: ran a container rootless, without a network
      | podman --runtime crun run --rm --net=none --read-only --cap-drop=all --security-opt=no-new-privileges --ulimit=nofile=1024:1024 --ulimit=nproc=1024:1024 --cgroups=disabled --rootfs DIRECTORY prober -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/200
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 0
      | create a file in / inside -> EROFS
    "
  `);
});

test("another runtime is tried where the first is refused", async () => {
  const found = (await find(answers(hybrid, insideOutput())))["podman.run"];
  expect(found).toMatchObject({ state: "works", value: "runc", blockers: [] });
});

test("hybrid control groups are named where every runtime refuses them", async () => {
  const found = (await find(answers(hybrid, exited(126, "", "Error: OCI runtime error: runc: strange"))))["podman.run"];
  expect(found).toMatchObject({ state: "blocked", blockers: [{ code: "cgroup-version" }] });
  expect(found.blockers[0]?.detail).toBe(
    "podman with crun: Error: OCI runtime error: crun: cgroups in hybrid mode not supported",
  );
});

test("as root only crun is tried: no other can be kept from making control groups", async () => {
  const asRoot = JSON.stringify({ host: { ...account.host, security: { rootless: false } } });
  const blocked = await find(answers(hybrid, insideOutput(), asRoot), { uid: 0 });
  expect(blocked["podman.run"].state).toBe("blocked");
  const { "/usr/bin/crun": _, ...programs } = answers(hybrid, insideOutput(), asRoot);
  const found = (await find(programs, { uid: 0 }))["podman.run"];
  expect(found).toMatchObject({ state: "unknown" });
  expect(found.summary).toContain("not tried: with runc a container takes control groups");
});

test("a service on another machine says nothing of this one", async () => {
  const remote = JSON.stringify({ host: { ...account.host, serviceIsRemote: true } });
  const found = await find(answers(insideOutput(), "", remote), { environment: { CONTAINER_HOST: "ssh://ada@far" } });
  expect(found["podman.run"]).toMatchObject({ state: "unknown", level: "declared" });
  expect(found["podman.info"].evidence).toContainEqual({
    action: "CONTAINER_HOST",
    result: "set, and left aside: it may name another machine",
  });
});

test("an account that hangs is unknown, one that says nothing is broken", async () => {
  const hung = { status: "timeout", stdout: "", stderr: "", durationMs: 5000 } as const;
  expect((await find(answers("", "", hung as never)))["podman.run"].state).toBe("unknown");
  expect((await find(answers("", "", "{}")))["podman.info"].state).toBe("broken");
  expect((await find(answers("", "", exited(125, "", "Error: cannot connect"))))["podman.info"]).toMatchObject({
    state: "broken",
    summary: "podman info failed: Error: cannot connect",
  });
});

test("is blocked where root can make no mount namespace to keep it from control groups", async () => {
  const denied = { status: "not-started", errno: "EPERM at cover-control-groups" } as const;
  const found = await find(answers("", "", denied), { uid: 0 });
  expect([found["podman.info"], found["podman.run"]].map(({ state }) => state)).toEqual(["blocked", "blocked"]);
  expect(found["podman.run"].evidence[0]).toEqual({
    action: "podman info",
    result: "EPERM at cover-control-groups",
  });
});

test("without a place of its own it is not even asked", async () => {
  const found = await find(answers(insideOutput()), {}, { noPlace: "no home" });
  expect(found["program.podman"]).toMatchObject({ state: "unknown", summary: "could not be tried: no home" });
});

test("is absent where it is not installed", async () => {
  expect(printFindings(await find({}))).toMatchInlineSnapshot(`
    "
    program.podman: absent (exercised)
      not installed
      | look for podman in PATH -> not there
      ! package-missing: no podman in PATH
    podman.info: absent (exercised)
      not installed
      | look for podman in PATH -> not there
      ! package-missing: no podman in PATH
    podman.run: absent (exercised)
      not installed
      | look for podman in PATH -> not there
      ! package-missing: no podman in PATH
    "
  `);
});

test("limits are no more than the caller has", () => {
  const limits =
    "Max processes             96365                96365                processes \nMax open files            20000                512                files     \n";
  expect(parseUserLimits(limits)).toEqual({ nofile: 512, nproc: 1024 });
  expect(parseUserLimits("")).toEqual({ nofile: 1024, nproc: 1024 });
});
