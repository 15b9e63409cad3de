import { expect, test } from "bun:test";
import { parseComplaint } from "../../src/probes/_user-network-failure.ts";
import network from "../../src/probes/user-network.ts";
import { asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type FixtureHostParts } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

const programs = {
  "/usr/bin/pasta": "pasta 0.0~git20250503\n",
  "/usr/bin/slirp4netns": "slirp4netns version 1.3.1\ncommit: x\n",
};

const device = { "/dev/net/tun": { status: { kind: "character-device", mode: 0o666 } } } as const;

async function find(transcript: string, host: FixtureHostParts = {}) {
  const helpers = { transcripts: { ...asUser, "attach-network": transcript } };
  return network.run(createFixtureContext({ host: { programs, files: device, ...host }, helpers }));
}

const failed =
  'namespaces ok\ninterface-before ok\nended ok 1 open("/dev/net/tun"): Permission denied?child failed(1)?\n';

test("works where an interface appeared", async () => {
  const found = await find("namespaces ok\ninterface-before ok 0\ninterface ok 0 tap0\n");
  expect(printFindings(found)).toMatchInlineSnapshot(`
    "
    program.pasta: works (exercised) = /usr/bin/pasta
      /usr/bin/pasta: pasta 0.0~git20250503; gave tap0 to a network namespace that had lo alone
      | look for pasta in PATH -> /usr/bin/pasta
      | run /usr/bin/pasta --version -> exit 0: pasta 0.0~git20250503
      | make a network namespace -> ok
      | pasta --config-net --foreground PID -> ok
    program.slirp4netns: works (exercised) = /usr/bin/slirp4netns
      /usr/bin/slirp4netns: slirp4netns version 1.3.1; gave tap0 to a network namespace that had lo alone
      | look for slirp4netns in PATH -> /usr/bin/slirp4netns
      | run /usr/bin/slirp4netns --version -> exit 0: slirp4netns version 1.3.1
      | make a network namespace -> ok
      | slirp4netns --configure PID tap0 -> ok
    "
  `);
});

test("the device is for others", async () => {
  const files = { "/dev/net/tun": { status: { kind: "character-device", mode: 0o600 } } } as const;
  expect((await find(failed, { files }))["program.slirp4netns"]).toMatchObject({
    state: "blocked",
    blockers: [{ code: "device-mode", detail: "/dev/net/tun is not for this user: mode 600, owner 0" }],
  });
});

test.each([
  ["device-missing", "No such file or directory", {}],
  ["module-missing", "No such device", device],
  ["device-cgroup", "Operation not permitted", device],
] as const)("%s: %s", async (code, said, files) => {
  const found = await find(`namespaces ok\nended ok 1 open("/dev/net/tun"): ${said}?\n`, { files });
  expect(found["program.pasta"].blockers.map((blocker) => blocker.code)).toEqual([code]);
});

test("another end is told as it was said", async () => {
  const found = await find("namespaces ok\nended ok 3 No routable interface?Failed to send 10 bytes to syslog?\n");
  expect(found["program.pasta"].blockers).toEqual([
    { code: "unknown", detail: "/usr/bin/pasta gave no interface: No routable interface" },
  ]);
});

test("without a namespace there is nothing to attach to", async () => {
  const found = await find("namespaces ENOSPC\n");
  expect(found["program.pasta"].state).toBe("blocked");
});

test("is unknown where no interface comes in time", async () => {
  const found = await find("namespaces ok\ninterface-before ok\nno-interface ETIME\n");
  expect(found["program.pasta"].state).toBe("unknown");
});

test("what is about the device is what matters", () => {
  expect(parseComplaint("Failed to send 4 bytes to syslog?Failed to open tun socket in namespace?DNS:?")).toBe(
    "Failed to open tun socket in namespace",
  );
  expect(parseComplaint("")).toBe("");
});
