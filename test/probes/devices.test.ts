import { expect, test } from "bun:test";
import devices from "../../src/probes/devices.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { devicesAsRoot, devicesAsUser } from "../fixtures/hosts/device-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext } from "../support/with-devices.ts";

const loop = {
  "/dev/loop-control": { status: { kind: "character-device", mode: 0o600 } as const },
  "/dev/ptmx": { status: { kind: "character-device", mode: 0o666 } as const },
};

test("are the kernel's own", async () => {
  const context = alteredContext(fixtures.firecrackerUser, { files: loop, transcripts: devicesAsUser });
  expect(printFindings(await devices.run(context))).toMatchInlineSnapshot(`
    "
    device.basics: works (exercised)
      null, zero, full, random and urandom are the kernel's own and behave so
      | device number of /dev/null -> ok, 1048579
      | device number of /dev/zero -> ok, 1048581
      | device number of /dev/full -> ok, 1048583
      | device number of /dev/random -> ok, 1048584
      | device number of /dev/urandom -> ok, 1048585
      | write to /dev/null -> ok, 5
      | read /dev/null: nothing -> ok
      | read /dev/zero: zeros -> ok
      | write to /dev/full -> ENOSPC
      | read /dev/urandom twice: never the same -> ok
    device.terminals: works (exercised)
      a pseudoterminal carries a line
      | open /dev/ptmx -> ok
      | TIOCSPTLCK -> ok
      | TIOCGPTPEER, and a line from one end to the other -> ok
    device.loop: blocked (opened)
      /dev/loop-control: mode 0600, owner 0, group 0; this user may not open it (EACCES)
      | open /dev/loop-control -> EACCES
      | stat /dev/loop-control -> character-device, mode 0600, owner 0, group 0
      ! device-mode: /dev/loop-control: mode 0600, owner 0, group 0; this user may not open it (EACCES)
    "
  `);
});

test.each([
  ["a file in place of /dev/null", { "null-number": "ENOTTY" }, "/dev/null is something else", "unknown"],
  ["a /dev without /dev/full", { "full-number": "ENOENT", "full-write": "ENOSPC" }, "no /dev/full", "device-missing"],
  [
    "/dev/zero under the name of /dev/null",
    { "null-number": "ok 1048581", "null-read": "ok 32" },
    "/dev/null is something else; read /dev/null: nothing: ok",
    "unknown",
  ],
  [
    "random bytes that repeat",
    { "urandom-read": "EPROTO" },
    "read /dev/urandom twice: never the same: EPROTO",
    "unknown",
  ],
] as const)("%s", async (_, changes, summary, code) => {
  const transcripts = { "device basics": altered(devicesAsRoot["device basics"], changes) };
  const found = (await devices.run(alteredContext(fixtures.gpuServer, { transcripts })))["device.basics"];
  expect({ state: found.state, summary: found.summary, code: found.blockers[0]?.code }).toEqual({
    state: "broken",
    summary,
    code,
  });
});

test("a terminal without its file system", async () => {
  const transcripts = { "device terminal": "open ok\nunlock ok\nask EIO" };
  expect((await devices.run(alteredContext(fixtures.gpuServer, { transcripts })))["device.terminals"]).toMatchObject({
    state: "broken",
    summary: "/dev/ptmx: TIOCGPTPEER, and a line from one end to the other: EIO",
  });
});
