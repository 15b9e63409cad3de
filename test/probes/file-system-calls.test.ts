import { expect, test } from "bun:test";
import fileSystemCalls from "../../src/probes/file-system-calls.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { surfaceAsUser } from "../fixtures/hosts/surface-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

function find(changes: Readonly<Record<string, string | undefined>>) {
  const transcripts = { "file-calls": altered(surfaceAsUser["file-calls"], changes) };
  return fileSystemCalls.run(createFixtureContext({ host: {}, helpers: { transcripts } }));
}

async function essence(
  id: "file.openat2" | "file.rename" | "file.workspace",
  changes: Readonly<Record<string, string | undefined>>,
) {
  const { state, summary, blockers } = (await find(changes))[id];
  return [`${state}: ${summary}`, ...blockers.map(({ code }) => code)];
}

test("they work", async () => {
  expect(printFindings(await find({}))).toMatchInlineSnapshot(`
    "
    file.openat2: works (enforced)
      a lookup that leads out is refused, one that stays inside is not
      | open /proc -> ok
      | look up /proc/mounts, a symlink -> ok
      | the same with NO_SYMLINKS -> ELOOP
      | look up /proc/self/root -> ok
      | the same with NO_MAGICLINKS -> ELOOP
      | the same with BENEATH -> EXDEV
      | look up .. of /proc -> ok
      | the same with BENEATH -> EXDEV
      | a symlink that stays inside, with BENEATH -> ok
      | an absolute path with IN_ROOT -> ok
      | cross into /proc with NO_XDEV -> EXDEV
    file.rename: works (enforced)
      names are exchanged at once, and none is replaced that should not be
      | renameat2(unknown flag) -> EINVAL
      | a tmpfs of its own -> ok
      | rename onto a name that is taken, with NOREPLACE -> EEXIST
      | rename to one that is not -> ok
      | exchange two names -> ok
      | exchange with a name that is not there -> ENOENT
    file.workspace: works (exercised) = ext4
      ext4: modes, locks, user attributes, preallocation; without clones of files
      | statx /home/user/project, whether it tells the time of birth -> ok, 1
      | make a file without a name there -> ok
      | write to it -> ok
      | give it an odd mode and read that back -> ok
      | give it a user attribute -> ok
      | allocate a page of it -> ok
      | clone it (FICLONE) -> EOPNOTSUPP
      | lock it -> ok
      | lock it once more through another descriptor -> EAGAIN
    "
  `);
});

test.each([
  [{ "above-denied": "ok" }, ["broken: a rule for lookups does not hold"]],
  [{ "escape-denied": "ok" }, ["broken: a rule for lookups does not hold"]],
  [
    { "link-control": "ENOSYS", "link-denied": "ENOSYS" },
    ["absent: openat2(2) came with Linux 5.6 (ENOSYS)", "kernel-version"],
  ],
  [{ "link-control": "EPERM" }, ["blocked: a system call filter answers EPERM to openat2", "seccomp"]],
  [
    { "magic-control": "EACCES" },
    ["unknown: could not be established: a lookup without rules fails (magic-control: EACCES)"],
  ],
  [{ "link-control": undefined }, ["unknown: could not be established: openat2: not reached"]],
])("lookups with %j", async (changes, expected) => {
  expect(await essence("file.openat2", changes)).toEqual(expected);
});

test.each([
  [{ "rename-onto": "ok" }, ["broken: a rename does not keep to its flags"]],
  [{ "rename-bad": "ENOSYS", "rename-onto": "ENOSYS" }, ["absent: no renameat2 (ENOSYS)"]],
  [
    { "rename-bad": "EPERM", "rename-onto": "EPERM" },
    ["blocked: a system call filter answers EPERM to renameat2", "seccomp"],
  ],
  [
    { "rename-place": "EPERM", "rename-onto": undefined },
    ["unknown: the call is there, but no file system of its own to try it on without leaving a name"],
  ],
])("renames with %j", async (changes, expected) => {
  expect(await essence("file.rename", changes)).toEqual(expected);
});

const nothing = Object.fromEntries(
  ["write", "mode", "attribute", "allocate", "clone", "lock", "lock-denied"].map((step) => [step, undefined]),
);

test.each([
  [
    { type: "ok 2435016766", clone: "ok" },
    ["works: btrfs: modes, locks, user attributes, preallocation, clones of files"],
  ],
  [
    { type: "ok 16914839", mode: "EIO", lock: "EOPNOTSUPP", attribute: "EOPNOTSUPP" },
    ["degraded: 9p: preallocation; without modes, locks, user attributes, clones of files"],
  ],
  [{ "lock-denied": "ok" }, ["degraded: ext4: modes, user attributes, preallocation; without locks, clones of files"]],
  [{ unnamed: "EROFS", ...nothing }, ["absent: this user can write no file to /home/user/project (EROFS)"]],
  [
    { type: "ok 26985", unnamed: "EOPNOTSUPP", ...nothing },
    ["unknown: nfs has no files without a name (EOPNOTSUPP), and one with a name could be left behind: not tried"],
  ],
  [
    { type: "ok 4660", clone: "ok" },
    ["works: file system 0x1234: modes, locks, user attributes, preallocation, clones of files"],
  ],
])("the current directory with %j", async (changes, expected) => {
  expect(await essence("file.workspace", changes)).toEqual(expected);
});

test("nothing could be started", async () => {
  expect(printFindings(await fileSystemCalls.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    file.openat2: unknown (inferred)
      could not be established: prober file-calls: the prober could not be started
      | prober file-calls -> the prober could not be started
    file.rename: unknown (inferred)
      could not be established: prober file-calls: the prober could not be started
      | prober file-calls -> the prober could not be started
    file.workspace: unknown (inferred)
      could not be established: prober file-calls: the prober could not be started
      | prober file-calls -> the prober could not be started
    "
  `);
});
