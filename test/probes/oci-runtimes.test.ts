import { expect, test } from "bun:test";
import { renderBundle } from "../../src/probes/_oci-bundle.ts";
import runtimes from "../../src/probes/oci-runtimes.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, exited, type FixtureHelpers, type FixtureHostParts } from "../support/fixture-host.ts";
import { insideOutput, outsideTranscript } from "../support/inside-transcript.ts";
import { printFindings } from "../support/print-findings.ts";

async function find(host: FixtureHostParts, helpers: FixtureHelpers = {}) {
  const transcripts = { ...asUser, outside: outsideTranscript };
  return runtimes.run(createFixtureContext({ host, helpers: { transcripts, ...helpers } }));
}

/** A runtime that says this when it is to run a bundle. */
function runtime(name: string, ran: string | ReturnType<typeof exited>): NonNullable<FixtureHostParts["programs"]> {
  const path = `/usr/bin/${name}`;
  return {
    [path]: ran,
    [`${path} --version`]: `${name} version 1.2.3\n`,
    [`${path} features`]: exited(1, "", "unknown command features"),
  };
}

test("a runtime that keeps what the bundle asks for works, rootless", async () => {
  const features = '{"ociVersionMax": "1.2.0", "linux": {"seccomp": {"enabled": true}, "apparmor": {}}}';
  const programs = { ...runtime("runc", insideOutput()), "/usr/bin/runc features": features };
  expect(printFindings(await find({ programs }))).toMatchInlineSnapshot(`
    "
    program.runc: works (declared) = /usr/bin/runc
      /usr/bin/runc: runc version 1.2.3; what it can do here: runc.run
      | look for runc in PATH -> /usr/bin/runc
      | run /usr/bin/runc --version -> exit 0: runc version 1.2.3
      | /usr/bin/runc features -> OCI 1.2.0; knows of seccomp, apparmor
    program.crun: absent (exercised)
      not installed
      | look for crun in PATH -> not there
      ! package-missing: no crun in PATH
    program.youki: absent (exercised)
      not installed
      | look for youki in PATH -> not there
      ! package-missing: no youki in PATH
    program.kata-runtime: absent (exercised)
      not installed
      | look for kata-runtime in PATH -> not there
      ! package-missing: no kata-runtime in PATH
    runc.run: works (enforced)
      runc: ran a container rootless, alone, with a filter and no way to gain privileges
      | look for runc in PATH -> /usr/bin/runc
      | run /usr/bin/runc --version -> exit 0: runc version 1.2.3
      | runc run (a bundle with the prober, rootless) -> exit 0, pid 1 inside
      | namespaces outside/inside -> network 105/205, pid 102/202, mount 101/201, ipc 103/203, uts 104/204, user 100/200
      | the process inside -> pid 1, no-new-privs 1, seccomp-mode 2, capabilities-effective 0
      | create a file in / inside -> EROFS
    crun.run: absent (exercised)
      not installed
      | look for crun in PATH -> not there
      ! package-missing: no crun in PATH
    youki.run: absent (exercised)
      not installed
      | look for youki in PATH -> not there
      ! package-missing: no youki in PATH
    "
  `);
});

test("as root no user namespace is asked for, and no control group is in reach", async () => {
  const ran = insideOutput({ "namespace-user": { value: 100 } });
  const found = (await find({ uid: 0, programs: runtime("runc", ran) }))["runc.run"];
  expect(found).toMatchObject({
    state: "works",
    summary:
      "runc: ran a container as root, its control groups out of reach, alone, with a filter and no way to gain privileges",
  });
});

test.each([
  [{ "no-new-privs": { value: 0 } }, "no_new_privs is not set"],
  [{ "seccomp-mode": { value: 0 } }, "no system call filter is loaded"],
  [{ "capabilities-effective": { value: 1 } }, "capabilities are left"],
  [{ "namespace-pid": { value: 102 } }, "the pid namespace inside is the one outside"],
  [{ "root-write": {} }, "its root can be written to"],
] as const)("one that ends well and leaves %j out is broken", async (differences, lack) => {
  const found = (await find({ programs: runtime("crun", insideOutput(differences)) }))["crun.run"];
  expect(found).toMatchObject({ state: "broken", summary: `crun ends well and isolates too little: ${lack}` });
});

test("crun refuses hybrid control groups: their version is in the way", async () => {
  const said = "cgroups in hybrid mode not supported, drop all controllers from cgroupv2";
  const found = (await find({ programs: runtime("crun", exited(1, "", said)) }))["crun.run"];
  expect(found).toMatchObject({ state: "blocked", blockers: [{ code: "cgroup-version", detail: `crun: ${said}` }] });
});

test("what Go programs log is told without its wrapping", async () => {
  const said = 'time="2026-01-01T00:00:00Z" level=error msg="runc run failed: strange \\"thing\\""\n';
  const found = (await find({ programs: runtime("runc", exited(1, "", said)) }))["runc.run"];
  expect(found.summary).toBe('runc could not run it: runc run failed: strange "thing"');
});

test("one that hangs, or that has no place, is unknown", async () => {
  const hung = { status: "timeout", stdout: "", stderr: "", durationMs: 5000 } as const;
  const programs = { ...runtime("youki", ""), "/usr/bin/youki": hung };
  expect((await find({ programs }))["youki.run"].state).toBe("unknown");
  const found = await find({ programs: runtime("runc", insideOutput()) }, { noPlace: "noexec everywhere" });
  expect(found["runc.run"]).toMatchObject({ state: "unknown", summary: "could not be tried: noexec everywhere" });
});

test("the bundle maps the caller alone, and root nobody", () => {
  const rootless = JSON.parse(renderBundle("/root", { uid: 1000, gid: 100, groups: [] }));
  expect(rootless.linux).toMatchObject({
    uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: 100, size: 1 }],
  });
  expect(JSON.parse(renderBundle("/root", { uid: 0, gid: 0, groups: [] })).linux.uidMappings).toBeUndefined();
});
