import { expect, test } from "bun:test";
import systemCalls from "../../src/probes/system-calls.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsRoot, surfaceAsUser, surfaceInPodman } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const filtered: Readonly<Record<string, FixtureFile>> = { "/proc/self/status": "Seccomp:\t2\nSeccomp_filters:\t1\n" };

async function find(transcript: string, files: Readonly<Record<string, FixtureFile>> = filtered) {
  const context = createFixtureContext({ host: { files }, helpers: { transcripts: { "system-calls": transcript } } });
  return printFindings(await systemCalls.run(context));
}

test("no filter", async () => {
  expect(await find(surfaceAsUser["system-calls"], {})).toMatchInlineSnapshot(`
    "
    seccomp.inherited: absent (exercised)
      cupel was started without a system call filter
      | prctl(PR_GET_SECCOMP) -> 0
      | read Seccomp_filters in /proc/self/status -> not told
      | calls with bad arguments that the kernel itself answered -> 32 of 32
    "
  `);
});

test("without a filter, a kernel that answers oddly is only a kernel", async () => {
  const gvisor = { "seccomp-mode": "ok", clone3: "ENOSYS", mount: "EPERM", keyctl: "EACCES", openat2: "ENOSYS" };
  expect(await find(altered(surfaceAsRoot["system-calls"], gvisor), {})).toContain("seccomp.inherited: absent");
});

test("a container engine's filter: older calls than one that is answered are there, so ENOSYS is the filter's", async () => {
  const changes = {
    "seccomp-mode": "ok 2",
    capabilities: "ok 2818844155",
    unshare: "EPERM",
    "unshare-user": "EPERM",
    "unshare-mount": "EPERM",
    "clone-user": "EPERM",
    clone3: "ENOSYS",
    setns: "EPERM",
    mount: "EPERM",
    fsopen: "EPERM",
    "pivot-root": "EPERM",
    bpf: "EPERM",
    "perf-event-open": "EPERM",
    keyctl: "EPERM",
    "io-uring-enter": "ENOSYS",
    landlock: "ENOSYS",
    userfaultfd: "EPERM",
    "open-by-handle-at": "EPERM",
    "mount-setattr": "ENOSYS",
  };
  const files = { ...filtered, "/proc/sys/kernel/io_uring_disabled": "0\n" };
  expect(await find(altered(surfaceAsRoot["system-calls"], changes), files)).toMatchInlineSnapshot(`
    "
    seccomp.inherited: works (exercised) = unshare,unshare(CLONE_NEWUSER),unshare(CLONE_NEWNS),clone(CLONE_NEWUSER),clone3,setns,mount,perf_event_open,io_uring_enter,keyctl
      one filter denies: unshare (EPERM), unshare(CLONE_NEWUSER) (EPERM), unshare(CLONE_NEWNS) (EPERM), clone(CLONE_NEWUSER) (EPERM), clone3 (ENOSYS), setns (EPERM), mount (EPERM), perf_event_open (EPERM), io_uring_enter (ENOSYS), keyctl (EPERM); mount_setattr, fsopen, pivot_root, bpf, userfaultfd, landlock_create_ruleset, open_by_handle_at: a filter, or the kernel itself
      | prctl(PR_GET_SECCOMP) -> 2
      | read Seccomp_filters in /proc/self/status -> 1
      | unshare with bad arguments -> EPERM
      | unshare(CLONE_NEWUSER) with bad arguments -> EPERM
      | unshare(CLONE_NEWNS) with bad arguments -> EPERM
      | clone(CLONE_NEWUSER) with bad arguments -> EPERM
      | clone3 with bad arguments -> ENOSYS
      | setns with bad arguments -> EPERM
      | mount with bad arguments -> EPERM
      | mount_setattr with bad arguments -> ENOSYS
      | fsopen with bad arguments -> EPERM
      | pivot_root with bad arguments -> EPERM
      | bpf with bad arguments -> EPERM
      | perf_event_open with bad arguments -> EPERM
      | io_uring_enter with bad arguments -> ENOSYS
      | userfaultfd with bad arguments -> EPERM
      | keyctl with bad arguments -> EPERM
      | landlock_create_ruleset with bad arguments -> ENOSYS
      | open_by_handle_at with bad arguments -> EPERM
      | calls with bad arguments that the kernel itself answered -> 15 of 32
    "
  `);
});

test("in Podman, recorded", async () => {
  const files = {
    ...filtered,
    "/proc/sys/kernel/io_uring_disabled": "0\n",
    "/proc/sys/kernel/keys/maxkeys": "200\n",
  };
  expect(await find(surfaceInPodman["system-calls"], files)).toMatchInlineSnapshot(`
    "
    seccomp.inherited: works (exercised) = perf_event_open,io_uring_enter,userfaultfd,add_key,request_key
      one filter denies: perf_event_open (EPERM), io_uring_enter (ENOSYS), userfaultfd (EPERM), add_key (ENOSYS), request_key (ENOSYS); fsopen, pivot_root, bpf, open_by_handle_at: a filter, or the kernel itself
      | prctl(PR_GET_SECCOMP) -> 2
      | read Seccomp_filters in /proc/self/status -> 1
      | fsopen with bad arguments -> EPERM
      | pivot_root with bad arguments -> EPERM
      | bpf with bad arguments -> EPERM
      | perf_event_open with bad arguments -> EPERM
      | io_uring_enter with bad arguments -> ENOSYS
      | userfaultfd with bad arguments -> EPERM
      | add_key with bad arguments -> ENOSYS
      | request_key with bad arguments -> ENOSYS
      | open_by_handle_at with bad arguments -> EPERM
      | calls with bad arguments that the kernel itself answered -> 23 of 32
    "
  `);
});

test("an old kernel with a filter: what it may not have is not blamed on the filter", async () => {
  const unknown = [
    "clone3",
    "open-tree",
    "mount-setattr",
    "fsopen",
    "landlock",
    "openat2",
    "pidfd-open",
    "pidfd-getfd",
  ];
  const changes = {
    ...Object.fromEntries([...unknown, "close-range", "io-uring-enter"].map((step) => [step, "ENOSYS"])),
    "seccomp-mode": "ok 2",
    keyctl: "EPERM",
  };
  expect(await find(altered(surfaceAsUser["system-calls"], changes))).toMatchInlineSnapshot(`
    "
    seccomp.inherited: works (exercised) = keyctl
      one filter denies: keyctl (EPERM); clone3, open_tree, mount_setattr, fsopen, pivot_root, io_uring_enter, landlock_create_ruleset, openat2, pidfd_open, pidfd_getfd, close_range: a filter, or the kernel itself
      | prctl(PR_GET_SECCOMP) -> 2
      | read Seccomp_filters in /proc/self/status -> 1
      | clone3 with bad arguments -> ENOSYS
      | open_tree with bad arguments -> ENOSYS
      | mount_setattr with bad arguments -> ENOSYS
      | fsopen with bad arguments -> ENOSYS
      | pivot_root with bad arguments -> EPERM
      | io_uring_enter with bad arguments -> ENOSYS
      | keyctl with bad arguments -> EPERM
      | landlock_create_ruleset with bad arguments -> ENOSYS
      | openat2 with bad arguments -> ENOSYS
      | pidfd_open with bad arguments -> ENOSYS
      | pidfd_getfd with bad arguments -> ENOSYS
      | close_range with bad arguments -> ENOSYS
      | calls with bad arguments that the kernel itself answered -> 20 of 32
    "
  `);
});

test("a filter that denies nothing of this", async () => {
  const files = { "/proc/self/status": "Seccomp:\t2\nSeccomp_filters:\t3\n" };
  expect(await find(altered(surfaceAsRoot["system-calls"], { "seccomp-mode": "ok 2" }), files)).toMatchInlineSnapshot(`
    "
    seccomp.inherited: works (exercised) = 
      3 filters, which deny none of the 32 calls that were tried
      | prctl(PR_GET_SECCOMP) -> 2
      | read Seccomp_filters in /proc/self/status -> 3
      | calls with bad arguments that the kernel itself answered -> 32 of 32
    "
  `);
});

test("a filter that kills", async () => {
  expect(await find("seccomp-mode ok 2\ncapabilities ok\nunshare ok\ncalls-died ok 31")).toMatchInlineSnapshot(`
    "
    seccomp.inherited: works (exercised) = unshare(CLONE_NEWUSER)
      one filter: a process is killed for unshare(CLONE_NEWUSER); calls after it were not tried
      | prctl(PR_GET_SECCOMP) -> 2
      | read Seccomp_filters in /proc/self/status -> 1
      | calls with bad arguments that the kernel itself answered -> 1 of 1
      | the process that made the calls -> killed by signal 31
    "
  `);
});

test("nothing could be started", async () => {
  expect(printFindings(await systemCalls.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    seccomp.inherited: unknown (inferred)
      could not be established: prober system-calls: the prober could not be started
      | prctl(PR_GET_SECCOMP) -> not reached
      | read Seccomp_filters in /proc/self/status -> not told
      | calls with bad arguments that the kernel itself answered -> 0 of 0
    "
  `);
});
