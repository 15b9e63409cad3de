/** Connections that a job makes to addresses, and its queries for names: through a real proxy, to real servers. */
import { describe, expect, test } from "bun:test";
import type { NetworkOutcome } from "../../../src/model/denial.ts";
import { parseMeant } from "../../../src/run/network/serve-direct.ts";
import { clientHello } from "../../support/client-hello.ts";
import { framed, nameQuery } from "../../support/name-query.ts";
import { open, tunnelTo } from "../../support/proxy-client.ts";
import { established, http, nothing, one, socks, useProxyTrials } from "../../support/proxy-trials.ts";

const direct = 2;
const mapped = [...Array.from({ length: 10 }, () => 0), 0xff, 0xff];

/** What the courier says of a connection to an IPv4 address. */
function meant(address: readonly number[], port: number): Buffer {
  return Buffer.from([...mapped, ...address, port >> 8, port & 0xff]);
}

const nameServer = meant([127, 0, 0, 1], 53);

/** What it says of a datagram. */
const datagram = Buffer.alloc(18);

function deniedOf(...denials: readonly Omit<NetworkOutcome["denials"][number], "count">[]): typeof nothing {
  return { ...nothing, denied: denials.length, denials: denials.map((denial) => ({ ...denial, count: 1 })) };
}

test("what the courier says is read once it is there, and no more of it", () => {
  const bytes = Buffer.concat([meant([10, 0, 0, 1], 443), Buffer.from("more")]);
  expect(parseMeant(bytes)).toEqual({
    value: { address: { version: 4, bytes: [10, 0, 0, 1] }, port: 443 },
    length: 18,
  });
  expect(parseMeant(bytes.subarray(0, 17))).toBeUndefined();
  const ipv6 = [0x20, 1, ...Array.from({ length: 13 }, () => 0), 9];
  expect(parseMeant(Buffer.from([...ipv6, 0, 80]))?.value).toEqual({ address: { version: 6, bytes: ipv6 }, port: 80 });
});

describe("a connection to an address", () => {
  const trials = useProxyTrials();
  const local = [127, 0, 0, 1];

  test("that is listed is made", async () => {
    const port = trials.portOf("echoing");
    const text = Buffer.concat([meant(local, port), Buffer.from("hello")]);
    expect(await trials.exchange([`127.0.0.1:${port}`], direct, text)).toEqual({ received: "<hello>", network: one });
  });

  test("that is not listed is closed without a word, and is in the outcome", async () => {
    const port = trials.portOf("echoing");
    const text = Buffer.concat([meant(local, port), Buffer.from("hello")]);
    expect(await trials.exchange([`a.test:${port}`], direct, text)).toEqual({
      received: "",
      network: deniedOf({ host: "127.0.0.1", port, reason: "host-not-listed" }),
    });
    expect(await trials.exchange(["127.0.0.1:1"], direct, text)).toEqual({
      received: "",
      network: deniedOf({ host: "127.0.0.1", port, reason: "port-not-listed" }),
    });
  });

  test("that could be a name's and is none is an address like every other", async () => {
    expect(await trials.exchange(["a.test"], direct, meant([198, 18, 0, 1], 80))).toEqual({
      received: "",
      network: deniedOf({ host: "198.18.0.1", port: 80, reason: "host-not-listed" }),
    });
  });
});

describe("a name", () => {
  const trials = useProxyTrials();
  const address = Buffer.of(198, 18, 0, 1).toString("latin1");

  test("that is listed has an address, by which it is judged and connected to", async () => {
    const port = trials.portOf("echoing");
    const proxy = await trials.startFor([`a.test:${port}`, `127.0.0.1:${port}`]);
    const query = Buffer.concat([nameServer, framed(nameQuery("a.test"))]);
    expect((await open(proxy, direct, query, true).received).slice(-4)).toBe(address);
    const [, ...rest] = [1, 198, 18, 0, 1];
    const said = Buffer.concat([meant(rest, port), Buffer.from("by name")]);
    expect(await open(proxy, direct, said, true).received).toBe("<by name>");
    const elsewhere = Buffer.concat([meant(rest, port), clientHello({ serverNames: ["b.test"] })]);
    // The alert that names no server of theirs.
    expect(await open(proxy, direct, elsewhere, true).received).toBe("\x15\x03\x01\x00\x02\x02\x70");
    const { denials, ...counts } = await proxy.close();
    expect([counts, denials]).toEqual([
      { allowed: 2, denied: 1 },
      [{ host: "a.test", port, reason: "sni", kind: "TLS asks for b.test", count: 1 }],
    ]);
  });

  test("that leads to an address which is not listed is found, and not connected to", async () => {
    const proxy = await trials.startFor(["metadata.test"]);
    await open(proxy, direct, Buffer.concat([nameServer, framed(nameQuery("metadata.test"))]), true).received;
    expect(await open(proxy, direct, meant([198, 18, 0, 1], 80), true).received).toBe("");
    const led = { host: "metadata.test", port: 80, reason: "address-not-listed", address: "169.254.169.254" } as const;
    expect(await proxy.close()).toEqual(deniedOf({ ...led, kind: "a cloud's metadata" }));
  });

  test("is found by a datagram whatever name servers are listed, and where everybody's are", async () => {
    const text = Buffer.concat([datagram, framed(nameQuery("a.test"))]);
    const { received, network } = await trials.exchange(["a.test", "[::]:53", "127.0.0.1:53"], direct, text);
    expect([received.slice(-4), network]).toEqual([address, nothing]);
  });

  test("is the same whether a program connects by it or hands its address to a proxy", async () => {
    const port = trials.portOf("echoing");
    const proxy = await trials.startFor([`a.test:${port}`, `127.0.0.1:${port}`]);
    await open(proxy, direct, Buffer.concat([nameServer, framed(nameQuery("a.test"))]), true).received;
    const asked = [
      await open(proxy, http, `${tunnelTo("198.18.0.1", port)}hi`, true).received,
      await open(proxy, socks, Buffer.from([5, 1, 0, 5, 1, 0, 1, 198, 18, 0, 1, port >> 8, port & 0xff, 33]), true)
        .received,
    ];
    expect([asked[0], asked[1]?.slice(-3), (await proxy.close()).denied]).toEqual([`${established}<hi>`, "<!>", 0]);
  });

  test.each([
    ["any name server", meant([8, 8, 8, 8], 53)],
    ["the job's own", nameServer],
    ["whom a datagram goes to", datagram],
  ])("is asked of %s: several on one connection, the unlisted ones denied once each", async (_, server) => {
    const asked: string[] = [];
    const queries = [
      nameQuery("x.a.test"),
      nameQuery("a.test"),
      nameQuery("a.test", 28),
      nameQuery("_b.test"),
      nameQuery("x.a.test", 15),
      nameQuery("six.test", 28),
      nameQuery("1.0.18.198.in-addr.arpa", 12),
    ];
    const text = Buffer.concat([server, ...queries.map(framed)]);
    const { received, network } = await trials.exchange(["*.a.test:5432"], direct, text, async (name) => {
      asked.push(name);
      return [];
    });
    const lengths: number[] = [];
    const codes: number[] = [];
    const bytes = Buffer.from(received, "latin1");
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
      lengths.push(bytes.readUInt16BE(at + 8));
      codes.push(bytes.readUInt8(at + 5) & 0xf);
    }
    expect([codes, lengths]).toEqual([
      [0, 3, 3, 3, 0, 3, 3],
      [1, 0, 0, 0, 0, 0, 0],
    ]);
    const denied = ["a.test", "six.test"].map((host) => ({ host, port: 0, reason: "host-not-listed" }) as const);
    expect(network).toEqual(deniedOf(...denied));
    expect(asked).toEqual([]);
  });

  test("is not asked of us where its server is listed", async () => {
    const text = Buffer.concat([meant([127, 0, 0, 1], 53), framed(nameQuery("a.test"))]);
    const { network } = await trials.exchange(["127.0.0.1:53"], direct, text);
    // Whether something listens there or not: nothing was denied, and no name was answered by cupel.
    expect(network.denied).toBe(0);
  });

  test("what is no query ends the connection", async () => {
    const text = Buffer.concat([nameServer, framed(Buffer.from("GET / HTTP/1.1\r\n")), framed(nameQuery("a.test"))]);
    expect(await trials.exchange(["a.test"], direct, text)).toEqual({ received: "", network: nothing });
  });
});
