import { expect, test } from "bun:test";
import controlGroupIo from "../../src/probes/control-group-io.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { sandboxAsRoot } from "../fixtures/hosts/transcripts-sandbox.ts";
import { createFixtureContext, type Fixture } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const { host, helpers } = fixtures.sandboxRoot;

async function print(fixture: Fixture): Promise<string> {
  return printFindings(await controlGroupIo.run(createFixtureContext(fixture)));
}

/** State, and codes of what is in the way, by capability. */
async function statesWith(
  changes: Readonly<
    Partial<Record<"cgroup io-read" | "cgroup io-write", Readonly<Record<string, string | undefined>>>>
  >,
  files: NonNullable<Fixture["host"]["files"]> = host.files ?? {},
): Promise<Record<string, string>> {
  const changed = (["cgroup io-read", "cgroup io-write"] as const).map((name) => [
    name,
    altered(sandboxAsRoot[name], changes[name] ?? {}),
  ]);
  const transcripts = { ...helpers.transcripts, ...Object.fromEntries(changed) };
  const findings = await controlGroupIo.run(
    createFixtureContext({ host: { ...host, files }, helpers: { ...helpers, transcripts } }),
  );
  return Object.fromEntries(
    Object.entries(findings).map(([id, { state, blockers }]) => [
      id,
      [state, ...blockers.map(({ code }) => code)].join(" "),
    ]),
  );
}

test("in version 1, reading is held, and writing only where it is waited for", async () => {
  expect(await print(fixtures.sandboxRoot)).toMatchInlineSnapshot(`
    "
    cgroup.io: works (enforced) = /sys/fs/cgroup/blkio
      what a group reads from a disk takes as long as its limit says
      | in -> /sys/fs/cgroup/blkio
      | make a group -> ok
      | a file without a name in /work, on disk 254:0 -> ok
      | read 384 KiB from it, in milliseconds -> ok, 4
      | write a limit of a MiB a second for this disk -> ok
      | move a process into the group -> ok
      | read 384 KiB from it for the process in the group, in milliseconds -> ok, 363
      | remove the group -> ok
    cgroup.io-write: blocked (enforced)
      version 1 of control groups does not hold what is written to memory first, as nearly everything is
      | in -> /sys/fs/cgroup/blkio
      | make a group -> ok
      | a file without a name in /work, on disk 254:0 -> ok
      | have 384 KiB written to it, in milliseconds -> ok, 8
      | write a limit of a MiB a second for this disk -> ok
      | move a process into the group -> ok
      | have 384 KiB written to it for the process in the group, in milliseconds -> ok, 6
      | remove the group -> ok
      ! cgroup-version: version 1 of control groups does not hold what is written to memory first, as nearly everything is
    "
  `);
});

test("is handed to a user of systemd by nobody", async () => {
  expect(await print(fixtures.unifiedUser)).toMatchInlineSnapshot(`
    "
    cgroup.io: blocked (declared)
      the io controller is handed down no further than /sys/fs/cgroup/user.slice
      | control groups mounted -> v2
      | io in /proc/cgroups -> enabled
      ! cgroup-delegation: the io controller is handed down no further than /sys/fs/cgroup/user.slice
    cgroup.io-write: blocked (declared)
      … the last 4 lines of cgroup.io
    "
  `);
});

const both = (state: string): Record<string, string> => ({ "cgroup.io": state, "cgroup.io-write": state });

test("writing is held where what is flushed later takes as long", async () =>
  expect(await statesWith({ "cgroup io-write": { held: "ok 402" } })).toEqual(both("works")));

test("a limit that reading does not wait for is broken", async () =>
  expect(await statesWith({ "cgroup io-read": { held: "ok 9" } })).toMatchObject({ "cgroup.io": "broken" }));

test("a disk that is as slow as the limit tells nothing", async () => {
  const slow = { free: "ok 300", held: "ok 410" };
  expect(await statesWith({ "cgroup io-read": slow, "cgroup io-write": slow })).toEqual(both("unknown"));
});

test("nor does a file that cannot be made or read there", async () => {
  const none = { free: undefined, limit: undefined, enter: undefined, held: undefined };
  const readOnly = { file: "EROFS", ...none };
  expect(await statesWith({ "cgroup io-read": readOnly, "cgroup io-write": { held: "EIO" } })).toEqual(both("unknown"));
});

test("a kernel that limits no devices", async () => {
  const none = { limit: "ENOENT", enter: undefined, held: undefined };
  const changes = { "cgroup io-read": none, "cgroup io-write": none };
  expect(await statesWith(changes)).toEqual(both("absent kernel-config"));
});

test("a group that is not the caller's", async () => {
  const none = { file: undefined, free: undefined, limit: undefined, enter: undefined, held: undefined };
  const denied = { create: "EACCES", ...none };
  expect(await statesWith({ "cgroup io-read": denied, "cgroup io-write": denied })).toEqual(
    both("blocked cgroup-version"),
  );
});

test("a host whose files lie on no disk", async () => {
  const files = Object.fromEntries(
    Object.entries(host.files ?? {}).filter(([path]) => !path.startsWith("/sys/dev/block")),
  );
  expect(await statesWith({}, files)).toEqual(both("unknown"));
});
