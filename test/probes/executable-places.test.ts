import { expect, test } from "bun:test";
import executablePlaces from "../../src/probes/executable-places.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

function find(
  changes: Readonly<Record<string, string | undefined>>,
  files: Readonly<Record<string, FixtureFile>> = {},
) {
  return executablePlaces.run(
    createFixtureContext({
      host: { environment: { HOME: "/home/user" }, files: { "/home/user/x": "", ...files } },
      helpers: { transcripts: { places: altered(surfaceAsUser.places, changes) } },
    }),
  );
}

test("a program runs wherever it is put", async () => {
  expect(printFindings(await find({}))).toMatchInlineSnapshot(`
    "
    place.memfd: works (exercised) = plain
      a program in unnamed memory runs
      | memfd_create() -> ok
      | execute a program in it -> ok
      | memfd_create(MFD_EXEC) -> ok
      | execute a program in that -> ok
      | memfd_create(MFD_NOEXEC_SEAL) -> ok
      | execute a program in the sealed one -> EACCES
      | read vm.memfd_noexec -> ENOENT
    place.temporary: works (exercised) = /tmp
      a program that was written to /tmp and /var/tmp runs
      | make a file in /tmp -> ok, without a name
      | write a program there -> ok
      | execute it -> ok
      | map it as code -> ok
      | make a file in /var/tmp -> ok, without a name
      | write a program there -> ok
      | execute it -> ok
      | map it as code -> ok
    place.shared-memory: works (exercised) = /dev/shm
      a program that was written to /dev/shm runs
      | make a file in /dev/shm -> ok, without a name
      | write a program there -> ok
      | execute it -> ok
      | map it as code -> ok
    place.state: absent (exercised)
      this user can write no file to /home/user
      | make a file in /home/user -> EACCES
    place.directory: works (exercised) = /home/user/project
      a program that was written to /home/user/project runs
      | make a file in /home/user/project -> ok, without a name
      | write a program there -> ok
      | execute it -> ok
      | map it as code -> ok
    "
  `);
});

test("mounts with noexec, a place that is read-only, one without unnamed files", async () => {
  const found = await find({
    "tmp-run": "EACCES",
    "tmp-map": "EPERM",
    "shm-run": "EACCES",
    "shm-map": "EPERM",
    "state-create": "EROFS",
    "state-write": undefined,
    "state-run": undefined,
    "state-map": undefined,
    "current-create": "ok 2",
  });
  expect(printFindings(found)).toMatchInlineSnapshot(`
    "
    place.memfd: works (exercised) = plain
      a program in unnamed memory runs
      | memfd_create() -> ok
      | execute a program in it -> ok
      | memfd_create(MFD_EXEC) -> ok
      | execute a program in that -> ok
      | memfd_create(MFD_NOEXEC_SEAL) -> ok
      | execute a program in the sealed one -> EACCES
      | read vm.memfd_noexec -> ENOENT
    place.temporary: degraded (exercised) = /var/tmp
      a program that was written to /var/tmp runs; not in /tmp
      | make a file in /tmp -> ok, without a name
      | write a program there -> ok
      | execute it -> EACCES
      | map it as code -> EPERM
      | make a file in /var/tmp -> ok, without a name
      | write a program there -> ok
      | execute it -> ok
      | map it as code -> ok
      ! noexec: /tmp is mounted noexec (EACCES for a file that was just written)
    place.shared-memory: blocked (exercised)
      a program that was written to /dev/shm does not run
      | make a file in /dev/shm -> ok, without a name
      | write a program there -> ok
      | execute it -> EACCES
      | map it as code -> EPERM
      ! noexec: /dev/shm is mounted noexec (EACCES for a file that was just written)
    place.state: absent (exercised)
      this user can write no file to /home/user
      | make a file in /home/user -> EROFS
    place.directory: works (exercised) = /home/user/project
      a program that was written to /home/user/project runs
      | make a file in /home/user/project -> ok, with a name
      | write a program there -> ok
      | execute it -> ok
      | map it as code -> ok
    "
  `);
});

test.each([
  [
    "1",
    { "memfd-run": "EACCES" },
    "degraded: a program in unnamed memory runs only where it was asked for (MFD_EXEC)",
    ["sysctl: vm.memfd_noexec is 1"],
  ],
  [
    "2",
    { "memfd-run": "EACCES", "memfd-exec-create": "EACCES", "memfd-exec-run": undefined },
    "blocked: no program in unnamed memory runs (EACCES): vm.memfd_noexec is 2",
    ["sysctl: no program in unnamed memory runs (EACCES): vm.memfd_noexec is 2"],
  ],
  [
    "0",
    { "memfd-create": "EPERM", "memfd-run": undefined, "memfd-exec-create": "EPERM", "memfd-exec-run": undefined },
    "blocked: memfd_create is answered with EPERM: a system call filter denies it",
    ["seccomp: memfd_create is answered with EPERM: a system call filter denies it"],
  ],
  [
    "0",
    { "memfd-create": "ENOSYS", "memfd-run": undefined, "memfd-exec-create": "ENOSYS", "memfd-exec-run": undefined },
    "absent: no memfd_create (ENOSYS)",
    [],
  ],
  [
    "0",
    { "memfd-run": "EPERM", "memfd-exec-run": "EPERM" },
    "blocked: no program in unnamed memory runs (EPERM); a security module may deny it",
    ["unknown: no program in unnamed memory runs (EPERM); a security module may deny it"],
  ],
])("unnamed memory with vm.memfd_noexec %s: %j", async (setting, changes, expected, causes) => {
  const found = await find(changes, { "/proc/sys/vm/memfd_noexec": `${setting}\n` });
  const { state, summary, blockers } = found["place.memfd"];
  expect(`${state}: ${summary}`).toBe(expected);
  expect(blockers.map(({ code, detail }) => `${code}: ${detail}`)).toEqual(causes);
});

test("nothing could be started", async () => {
  expect(printFindings(await executablePlaces.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    place.memfd: unknown (inferred)
      could not be established: prober places: the prober could not be started
      | prober places -> the prober could not be started
      | read vm.memfd_noexec -> ENOENT
    place.temporary: unknown (inferred)
      could not be established: prober places: the prober could not be started
      | prober places -> the prober could not be started
    place.shared-memory: unknown (inferred)
      could not be established: prober places: the prober could not be started
      | prober places -> the prober could not be started
    place.state: unknown (inferred)
      could not be established: prober places: the prober could not be started
      | prober places -> the prober could not be started
    place.directory: unknown (inferred)
      could not be established: prober places: the prober could not be started
      | prober places -> the prober could not be started
    "
  `);
});
