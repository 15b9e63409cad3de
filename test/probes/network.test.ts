import { describe, expect, test } from "bun:test";
import network from "../../src/probes/network.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { devicesAsRoot, devicesAsUser, devicesOfServer } from "../fixtures/hosts/device-transcripts.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext } from "../support/with-devices.ts";

const firecracker = {
  "/proc/sys/net/ipv4/ip_unprivileged_port_start": "1024\n",
  "/proc/sys/net/ipv4/ping_group_range": "1\t0\n",
};

test("works for a user, but for what privileges are needed for", async () => {
  const context = alteredContext(fixtures.firecrackerUser, { files: firecracker, transcripts: devicesAsUser });
  expect(printFindings(await network.run(context))).toMatchInlineSnapshot(`
    "
    net.isolation: works (enforced)
      TCP, UDP and abstract sockets of the host are out of reach inside; its own loopback works
      | connect to a listener on the host's loopback, outside -> ok
      | send it a datagram, outside -> ok
      | connect to the host's abstract socket, outside -> ok
      | a network namespace of its own -> ok
      | connect to the host's listener before loopback is up -> ENETUNREACH
      | bring loopback up -> ok
      | a word there and back by TCP inside -> ok
      | connect to the host's listener inside -> ECONNREFUSED
      | receive, on the host, a datagram sent inside -> EAGAIN
      | connect to the host's abstract socket inside -> ECONNREFUSED
    net.links: works (exercised) = veth
      veth links were made in a namespace of its own
      | links of kind veth, 1 where the kernel has them -> ok, 1
      | make a veth link inside -> ok
      | links of kind dummy, 1 where the kernel has them -> ok
    net.nftables: works (enforced)
      a rule of its own drops what was sent before it
      | send a datagram inside before -> ok
      | nf_tables: a table, a chain, a rule that drops -> ok
      | send a datagram inside after -> EPERM
    net.unprivileged-ports: blocked (exercised) = 1024
      net.ipv4.ip_unprivileged_port_start is 1024: lower ports are for privileged processes (EACCES)
      | bind port 80 on loopback, and close -> EACCES
      | read /proc/sys/net/ipv4/ip_unprivileged_port_start -> 1024
      ! sysctl: net.ipv4.ip_unprivileged_port_start is 1024: lower ports are for privileged processes (EACCES)
    net.ping: blocked (exercised)
      net.ipv4.ping_group_range is 1 0, which leaves this user's groups out (EACCES)
      | make an ICMP datagram socket -> EACCES
      | read /proc/sys/net/ipv4/ping_group_range -> 1 0
      ! sysctl: net.ipv4.ping_group_range is 1 0, which leaves this user's groups out (EACCES)
    net.ipv6: works (exercised)
      ::1 carries a word inside
      | a word there and back by TCP over ::1 inside -> ok
    "
  `);
});

test("root may bind low ports", async () => {
  const context = alteredContext(fixtures.firecrackerRoot, { files: firecracker, transcripts: devicesAsRoot });
  const found = await network.run(context);
  expect(found["net.unprivileged-ports"]).toMatchObject({
    state: "works",
    summary: "port 80 can be bound, by a capability",
    value: 1024,
  });
});

test("a server that lets everybody ping and bind", async () => {
  const found = await network.run(alteredContext(fixtures.gpuServer, {}));
  expect(Object.entries(found).map(([id, { state, level, summary }]) => [id, state, level, summary])).toEqual([
    [
      "net.isolation",
      "works",
      "enforced",
      "TCP, UDP and abstract sockets of the host are out of reach inside; its own loopback works",
    ],
    ["net.links", "works", "exercised", "veth links were made in a namespace of its own"],
    ["net.nftables", "works", "enforced", "a rule of its own drops what was sent before it"],
    ["net.unprivileged-ports", "works", "exercised", "port 80 can be bound"],
    ["net.ping", "works", "exercised", "an echo request was answered"],
    ["net.ipv6", "works", "exercised", "::1 carries a word inside"],
  ]);
});

/** One step that differs, and what becomes of the capability. */
const cases = [
  [
    "net.isolation",
    { "tcp-denied": "ok" },
    "broken",
    "the host is reached from a network namespace of its own (tcp-denied)",
    [],
  ],
  [
    "net.isolation",
    { "udp-denied": "ok" },
    "broken",
    "the host is reached from a network namespace of its own (udp-denied)",
    [],
  ],
  [
    "net.isolation",
    { "tcp-control": "EPERM" },
    "unknown",
    "could not be established: what should be out of reach is so outside, too (tcp-control: EPERM)",
    [],
  ],
  [
    "net.isolation",
    { "tcp-denied": "EPERM" },
    "unknown",
    "could not be established: the host's sockets inside: not reached",
    [],
  ],
  [
    "net.isolation",
    { echo: "ENETUNREACH" },
    "degraded",
    "the host is out of reach, but its own loopback does not carry a word: ENETUNREACH",
    ["unknown"],
  ],
  [
    "net.links",
    { "link-veth-known": "ok", "link-veth": undefined },
    "absent",
    "the module veth is not loaded, and a probe loads none",
    ["module-missing"],
  ],
  ["net.links", { "link-veth": "EPERM" }, "broken", "a veth link cannot be made: EPERM", ["unknown"]],
  [
    "net.nftables",
    { "filter-rules": "EPROTONOSUPPORT" },
    "absent",
    "this kernel has no nf_tables (EPROTONOSUPPORT)",
    ["kernel-config"],
  ],
  [
    "net.nftables",
    { "filter-denied": "ok" },
    "broken",
    "a rule was taken, but what it should drop is sent",
    ["unknown"],
  ],
  [
    "net.ipv6",
    { "ipv6-echo": "EADDRNOTAVAIL" },
    "blocked",
    "a fresh namespace has no ::1: net.ipv6.conf.default.disable_ipv6 is set (EADDRNOTAVAIL)",
    ["sysctl"],
  ],
  [
    "net.ping",
    { "ping-answer": undefined, "ping-died": "ok 14" },
    "degraded",
    "a socket can be made, but this machine's loopback does not answer: it may be down or filtered",
    ["unknown"],
  ],
  [
    "net.ping",
    { "ping-socket": "EPERM" },
    "blocked",
    "a system call filter answers EPERM to an ICMP socket",
    ["seccomp"],
  ],
] as const;

describe.each(cases)("%s with %j", (id, changes, state, summary, codes) => {
  test(`is ${state}`, async () => {
    const transcripts = { network: altered(devicesOfServer.network, changes) };
    const found = (await network.run(alteredContext(fixtures.gpuServer, { transcripts })))[id];
    expect({
      state: found.state,
      summary: found.summary,
      codes: found.blockers.map(({ code }) => code as string),
    }).toEqual({ state, summary, codes: [...codes] });
  });
});

test("where no namespace can be made, its cause is told", async () => {
  const transcripts = { network: altered(devicesAsRoot.network, { namespaces: "EPERM", echo: undefined }) };
  const found = await network.run(alteredContext(fixtures.dockerDefault, { transcripts }));
  expect(found["net.isolation"]).toMatchObject({
    state: "blocked",
    blockers: [{ code: "seccomp" }, { code: "capability" }],
  });
});

test("what would load a module is not tried", async () => {
  const files = {
    "/sys/module/nf_tables/refcnt": { errno: "ENOENT" },
    "/proc/net/if_inet6": { errno: "ENOENT" },
  };
  const asked: string[] = [];
  const context = alteredContext(fixtures.gpuServer, { files });
  const bare = {
    ...context.host,
    status: (path: string) =>
      path === "/sys/module/nf_tables" ? ({ ok: false, errno: "ENOENT" } as const) : context.host.status(path),
  };
  const found = await network.run({
    ...context,
    host: bare,
    helpers: {
      ...context.helpers,
      probe: (name, words, deadlineMs) => {
        asked.push([name, ...words].join(" "));
        return context.helpers.probe(name, words, deadlineMs);
      },
    },
  });
  expect(asked).toEqual(["network"]);
  expect(found["net.nftables"]).toMatchObject({ state: "absent", blockers: [{ code: "module-missing" }] });
  expect(found["net.ipv6"]).toMatchObject({ state: "absent", blockers: [{ code: "module-missing" }] });
});
