import { describe, expect, test } from "bun:test";
import { objectionTo } from "../../../src/run/network/guard-server-name.ts";
import { clientHello } from "../../support/client-hello.ts";
import { listen, open, portOf, socksTo, tunnelTo } from "../../support/proxy-client.ts";
import { established, http, one, socks, useProxyTrials, type Told } from "../../support/proxy-trials.ts";

test.each([
  [{ kind: "other" }, "a.test", undefined],
  [{ kind: "hello", serverName: "a.test" }, "a.test", undefined],
  [{ kind: "hello", serverName: "b.a.test" }, "a.test", "TLS asks for b.a.test"],
  [{ kind: "hello" }, "a.test", "TLS asks for no server"],
  [{ kind: "hello" }, "localhost", undefined],
  [{ kind: "hello", serverName: "a.test" }, "localhost", "TLS asks for a.test"],
  [{ kind: "problem", problem: "it is too long" }, "localhost", "no ClientHello: it is too long"],
] as const)("%j to %s: %s", (first, name, objection) => expect(objectionTo(first, name)).toBe(objection));

describe("a tunnel", () => {
  const trials = useProxyTrials();
  const { startFor, exchange } = trials;

  test("denies TLS that asks for another server than the tunnel, and says so to it", async () => {
    const port = trials.portOf("echoing");
    const rules = [`a.test:${port}`, `127.0.0.1:${port}`];
    const alert = "\x15\x03\x01\x00\x02\x02\x70";
    const sni = (kind: string): Told => ({
      allowed: 1,
      denied: 1,
      denials: [{ host: "a.test", port, reason: "sni", kind, count: 1 }],
    });
    const through = (bytes: Uint8Array, to = "a.test"): ReturnType<typeof exchange> =>
      exchange(rules, http, Buffer.concat([Buffer.from(tunnelTo(to, port)), bytes]));
    const right = clientHello({ serverNames: ["A.TEST"], recordBytes: 20 });
    expect(await through(right)).toEqual({ received: `${established}<${right.toString("latin1")}>`, network: one });
    const other = clientHello({ serverNames: ["b.test"] });
    const denial = { received: established + alert, network: sni("TLS asks for b.test") };
    expect([await through(other), await through(clientHello())]).toEqual([
      denial,
      { ...denial, network: sni("TLS asks for no server") },
    ]);
    const bySocks = await exchange(rules, socks, Buffer.concat([socksTo("a.test", port), other]));
    expect([bySocks.received.slice(-7), bySocks.network]).toEqual([alert, denial.network]);
    expect(await through(Buffer.of(21, 3, 1, 0, 2, 1, 0))).toEqual({
      ...denial,
      network: sni("no ClientHello: something else comes before its end"),
    });
    // Of an address nothing was named; half of a hello is not passed on.
    expect(await through(other, "127.0.0.1")).toMatchObject({ network: one });
    expect(await through(right.subarray(0, 40))).toEqual({ received: `${established}<>`, network: one });
  });

  test("looks at what the job says first, and waits for nothing where the server does", async () => {
    const greeting = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.write("220 hello\r\n");
      socket.once("data", (chunk: Buffer) => socket.end(`250 ${chunk.toString()}`));
    });
    const port = portOf(greeting);
    const proxy = await startFor([`a.test:${port}`, `127.0.0.1:${port}`]);
    const client = open(proxy, http, tunnelTo("a.test", port));
    let text = "";
    await new Promise<void>((resolve) =>
      client.socket.on("data", (chunk: Buffer) => (text += chunk.toString()).endsWith("220 hello\r\n") && resolve()),
    );
    client.socket.end("EHLO");
    expect(await client.received).toBe(`${established}220 hello\r\n250 EHLO`);
    expect(await proxy.close()).toEqual(one);
    greeting.close();
  });
});
