import { expect, test } from "bun:test";
import kernelInterfaces from "../../src/probes/kernel-interfaces.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsRoot, surfaceAsUser, surfaceInPodman } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const hostIds = { "/proc/self/uid_map": "         0          0 4294967295\n" };

function find(interfaces: string, files: Readonly<Record<string, FixtureFile>> = {}) {
  return kernelInterfaces.run(
    createFixtureContext({ host: { files: { ...hostIds, ...files } }, helpers: { transcripts: { interfaces } } }),
  );
}

test("root uses them all", async () => {
  expect(printFindings(await find(surfaceAsRoot.interfaces))).toMatchInlineSnapshot(`
    "
    interface.io-uring: works (exercised)
      carried out a request; system call filters do not see what is asked through it
      | io_uring_enter(-1) -> EBADF
      | io_uring_setup(1) -> ok
      | submit a request that does nothing, and wait for it -> ok, 1
    interface.bpf: works (exercised)
      a map holds what was written, and a program was loaded
      | bpf(unknown command) -> EINVAL
      | make a map, write to it and read it -> ok
      | load a program for a socket that returns 0 -> ok
    interface.perf: works (exercised)
      counted the own time; no hardware counters (ENOENT)
      | perf_event_open(unknown flag) -> EINVAL
      | count the own time in user space -> ok
      | count the own processor cycles -> ENOENT
    interface.keyring: works (exercised)
      held a key; keyrings have no namespace of their own but the user's
      | keyctl(unknown command) -> EOPNOTSUPP
      | put a key into the own process's keyring -> ok
      | read it back -> ok
    interface.userfaultfd: works (exercised)
      filled a page
      | userfaultfd(unknown flag) -> EINVAL
      | userfaultfd() for faults in the kernel, too -> ok
      | userfaultfd(USER_MODE_ONLY) -> ok
      | fill a page that was never touched -> ok
    "
  `);
});

test("settings deny some to a user", async () => {
  const files = {
    "/proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
    "/proc/sys/kernel/io_uring_disabled": "1\n",
    "/proc/sys/kernel/perf_event_paranoid": "4\n",
  };
  const changes = {
    "io-uring-setup": "EPERM",
    "io-uring-submit": undefined,
    "perf-software": "EACCES",
    "perf-hardware": "EACCES",
  };
  expect(printFindings(await find(altered(surfaceAsUser.interfaces, changes), files))).toMatchInlineSnapshot(`
    "
    interface.io-uring: blocked (exercised)
      denied (EPERM); no job of cupel's needs it, and less of the kernel can be attacked
      | io_uring_enter(-1) -> EBADF
      | io_uring_setup(1) -> EPERM
      | read kernel.io_uring_disabled -> 1
      | read kernel.apparmor_restrict_unprivileged_io_uring -> ENOENT
      ! sysctl: kernel.io_uring_disabled is 1
      - not seccomp
    interface.bpf: blocked (exercised)
      denied (EPERM); no job of cupel's needs it, and less of the kernel can be attacked
      | bpf(unknown command) -> EINVAL
      | make a map, write to it and read it -> EPERM
      | load a program for a socket that returns 0 -> EPERM
      | read kernel.unprivileged_bpf_disabled -> 2
      ! sysctl: kernel.unprivileged_bpf_disabled is 2
      - not seccomp
    interface.perf: blocked (exercised)
      denied (EACCES); no job of cupel's needs it, and less of the kernel can be attacked
      | perf_event_open(unknown flag) -> EINVAL
      | count the own time in user space -> EACCES
      | count the own processor cycles -> EACCES
      | read kernel.perf_event_paranoid -> 4
      ! sysctl: kernel.perf_event_paranoid is 4
      - not seccomp
    interface.keyring: works (exercised)
      held a key; keyrings have no namespace of their own but the user's
      | keyctl(unknown command) -> EOPNOTSUPP
      | put a key into the own process's keyring -> ok
      | read it back -> ok
    interface.userfaultfd: works (exercised)
      filled a page; not for faults in the kernel, which is what exploits use (EPERM)
      | userfaultfd(unknown flag) -> EINVAL
      | userfaultfd() for faults in the kernel, too -> EPERM
      | userfaultfd(USER_MODE_ONLY) -> ok
      | fill a page that was never touched -> ok
    "
  `);
});

test("in Podman, recorded", async () => {
  const files = {
    "/proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
    "/proc/sys/kernel/io_uring_disabled": "0\n",
    "/proc/sys/kernel/perf_event_paranoid": "2\n",
    "/proc/sys/kernel/keys/maxkeys": "200\n",
    "/proc/sys/vm/unprivileged_userfaultfd": "0\n",
  };
  expect(printFindings(await find(surfaceInPodman.interfaces, files))).toMatchInlineSnapshot(`
    "
    interface.io-uring: blocked (exercised)
      denied (ENOSYS); no job of cupel's needs it, and less of the kernel can be attacked
      | io_uring_enter(-1) -> ENOSYS
      | io_uring_setup(1) -> ENOSYS
      | read kernel.io_uring_disabled -> 0
      | read kernel.apparmor_restrict_unprivileged_io_uring -> ENOENT
      ! seccomp: a system call filter denies io_uring (ENOSYS)
      - not sysctl
    interface.bpf: blocked (exercised)
      denied (EPERM); no job of cupel's needs it, and less of the kernel can be attacked
      | bpf(unknown command) -> EPERM
      | make a map, write to it and read it -> EPERM
      | load a program for a socket that returns 0 -> EPERM
      | read kernel.unprivileged_bpf_disabled -> 2
      ! sysctl: kernel.unprivileged_bpf_disabled is 2
    interface.perf: blocked (exercised)
      denied (EPERM); no job of cupel's needs it, and less of the kernel can be attacked
      | perf_event_open(unknown flag) -> EPERM
      | count the own time in user space -> EPERM
      | count the own processor cycles -> EPERM
      | read kernel.perf_event_paranoid -> 2
      ! seccomp: a system call filter denies perf_event_open (EPERM)
      - not sysctl
    interface.keyring: blocked (exercised)
      denied (ENOSYS); no job of cupel's needs it, and less of the kernel can be attacked
      | keyctl(unknown command) -> EOPNOTSUPP
      | put a key into the own process's keyring -> ENOSYS
      | read kernel.keys.maxkeys -> 200
      ! seccomp: a system call filter denies add_key (ENOSYS)
      - not sysctl
    interface.userfaultfd: blocked (exercised)
      denied (EPERM); no job of cupel's needs it, and less of the kernel can be attacked
      | userfaultfd(unknown flag) -> EPERM
      | userfaultfd() for faults in the kernel, too -> EPERM
      | userfaultfd(USER_MODE_ONLY) -> EPERM
      | read vm.unprivileged_userfaultfd -> 0
      ! seccomp: a system call filter denies userfaultfd (EPERM)
      - not sysctl
    "
  `);
});

test("what a kernel of another make answers", async () => {
  const gvisor = altered(surfaceAsRoot.interfaces, {
    "perf-software": "ENODEV",
    "keyring-add": "EACCES",
    "keyring-read": undefined,
    "userfaultfd-fill": "EIO",
  });
  const found = await find(gvisor);
  expect(Object.values(found).map(({ state, summary }) => `${state}: ${summary}`)).toMatchInlineSnapshot(`
    [
      "works: carried out a request; system call filters do not see what is asked through it",
      "works: a map holds what was written, and a program was loaded",
      "absent: this kernel has no perf_event_open (ENODEV)",
      "blocked: denied (EACCES); no job of cupel's needs it, and less of the kernel can be attacked",
      "broken: userfaultfd is there, but fails with EIO",
    ]
  `);
});

test("keys without end", async () => {
  const transcript = altered(surfaceAsUser.interfaces, { "keyring-add": "EDQUOT", "keyring-read": undefined });
  expect((await find(transcript))["interface.keyring"]).toMatchObject({
    state: "blocked",
    blockers: [{ code: "sysctl", detail: "add_key fails with EDQUOT: kernel.keys.maxkeys is reached for this user" }],
  });
});

test("nothing could be started", async () => {
  expect(printFindings(await kernelInterfaces.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    interface.io-uring: unknown (inferred)
      could not be established: prober interfaces: the prober could not be started
      | prober interfaces -> the prober could not be started
    interface.bpf: unknown (inferred)
      could not be established: prober interfaces: the prober could not be started
      | prober interfaces -> the prober could not be started
    interface.perf: unknown (inferred)
      could not be established: prober interfaces: the prober could not be started
      | prober interfaces -> the prober could not be started
    interface.keyring: unknown (inferred)
      could not be established: prober interfaces: the prober could not be started
      | prober interfaces -> the prober could not be started
    interface.userfaultfd: unknown (inferred)
      could not be established: prober interfaces: the prober could not be started
      | prober interfaces -> the prober could not be started
    "
  `);
});
