import { expect, test } from "bun:test";
import sharedMemory from "../../src/probes/shared-memory.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function find(changes: Readonly<Record<string, string | undefined>>) {
  const transcripts = { "shared-memory": altered(surfaceAsUser["shared-memory"], changes) };
  return printFindings(await sharedMemory.run(createFixtureContext({ host: {}, helpers: { transcripts } })));
}

/** Steps that are not reached without the one before them. */
const noFile = { resize: undefined, map: undefined, share: undefined };
const noSegment = {
  "system-v-create": undefined,
  "system-v-attach": undefined,
  "system-v-share": undefined,
  "system-v-remove": undefined,
};

test("is shared", async () => {
  expect(await find({})).toMatchInlineSnapshot(`
    "
    memory.shared: works (exercised) = 25276502016
      two processes shared a page; 23.5 GiB in /dev/shm, 23.5 GiB free
      | statfs /dev/shm, bytes -> ok, 25276502016
      | bytes that are free -> ok, 25276198912
      | make a file without a name there -> ok
      | give it a page -> ok
      | map it -> ok
      | have another process write into it -> ok
    memory.sysv: works (exercised)
      two processes shared a segment
      | shmget() of no bytes -> EINVAL
      | an IPC namespace of its own -> ok
      | shmget() of a page in it -> ok
      | attach it -> ok
      | have another process write into it -> ok
      | remove it -> ok
    "
  `);
});

test("a container's small /dev/shm, and a filter on shmget", async () => {
  const changes = { size: "ok 67108864", free: "ok 67108864", "system-v-bad": "EPERM", "system-v-create": "EPERM" };
  expect(await find(changes)).toMatchInlineSnapshot(`
    "
    memory.shared: degraded (exercised) = 67108864
      two processes shared a page, but there is little: 64 MiB in /dev/shm, 64 MiB free
      | statfs /dev/shm, bytes -> ok, 67108864
      | bytes that are free -> ok, 67108864
      | make a file without a name there -> ok
      | give it a page -> ok
      | map it -> ok
      | have another process write into it -> ok
    memory.sysv: blocked (exercised)
      a system call filter answers EPERM to shmget
      | shmget() of no bytes -> EPERM
      | an IPC namespace of its own -> ok
      | shmget() of a page in it -> EPERM
      | attach it -> ok
      | have another process write into it -> ok
      | remove it -> ok
      ! seccomp: a system call filter answers EPERM to shmget
    "
  `);
});

test("no /dev/shm, no System V", async () => {
  const changes = {
    size: "ENOENT",
    free: "ENOENT",
    create: "ENOENT",
    ...noFile,
    "system-v-bad": "ENOSYS",
    ...noSegment,
  };
  expect(await find(changes)).toMatchInlineSnapshot(`
    "
    memory.shared: absent (exercised)
      there is no /dev/shm
      | statfs /dev/shm, bytes -> ENOENT
      | bytes that are free -> ENOENT
      | make a file without a name there -> ENOENT
    memory.sysv: absent (exercised)
      this kernel has no System V IPC (ENOSYS), or a filter says so
      | shmget() of no bytes -> ENOSYS
      | an IPC namespace of its own -> ok
      ! kernel-config: this kernel has no System V IPC (ENOSYS), or a filter says so
    "
  `);
});

test("not to be written to, and no namespace to try in", async () => {
  expect(await find({ create: "EACCES", ...noFile, "system-v-namespace": "EPERM", ...noSegment }))
    .toMatchInlineSnapshot(`
    "
    memory.shared: absent (exercised)
      this user can make no file in /dev/shm (EACCES)
      | statfs /dev/shm, bytes -> ok, 25276502016
      | bytes that are free -> ok, 25276198912
      | make a file without a name there -> EACCES
    memory.sysv: unknown (inferred)
      the call is there, but no IPC namespace of its own to try it in without leaving a segment
      | shmget() of no bytes -> EINVAL
      | an IPC namespace of its own -> EPERM
    "
  `);
});

test("there, but not shared", async () => {
  expect(await find({ share: "EIO", "system-v-share": "EIO" })).toMatchInlineSnapshot(`
    "
    memory.shared: broken (exercised)
      a file was made in /dev/shm, but what one process writes the other does not see
      | statfs /dev/shm, bytes -> ok, 25276502016
      | bytes that are free -> ok, 25276198912
      | make a file without a name there -> ok
      | give it a page -> ok
      | map it -> ok
      | have another process write into it -> EIO
    memory.sysv: broken (exercised)
      a segment was made, but it is not shared
      | shmget() of no bytes -> EINVAL
      | an IPC namespace of its own -> ok
      | shmget() of a page in it -> ok
      | attach it -> ok
      | have another process write into it -> EIO
      | remove it -> ok
    "
  `);
});

test("nothing could be started", async () => {
  expect(printFindings(await sharedMemory.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    memory.shared: unknown (inferred)
      could not be established: prober shared-memory: the prober could not be started
      | prober shared-memory -> the prober could not be started
    memory.sysv: unknown (inferred)
      could not be established: prober shared-memory: the prober could not be started
      | prober shared-memory -> the prober could not be started
    "
  `);
});
