/** The proxy as the courier meets it: real connections to its socket, and real servers behind it. */
import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { NetworkOutcome } from "../../../src/model/denial.ts";
import type { Resolve } from "../../../src/run/network/connect-destination.ts";
import { startProxy } from "../../../src/run/network/start-proxy.ts";
import { echo, head, listen, open, portOf, socksTo, tunnelTo } from "../../support/proxy-client.ts";
import { established, http, nothing, one, socks, uid, useProxyTrials, type Told } from "../../support/proxy-trials.ts";

function refusal(status: string, words: string): string {
  const text = `cupel: ${words}\n`;
  const lines = ["Content-Type: text/plain; charset=utf-8", `Content-Length: ${text.length}`, "Connection: close"];
  return head(`HTTP/1.1 ${status}`, ...lines) + text;
}

describe("a proxy", () => {
  const trials = useProxyTrials();
  const { startFor, exchange, directory } = trials;
  const denied = (denial: Omit<NetworkOutcome["denials"][number], "count">): Told => ({
    ...nothing,
    denied: 1,
    denials: [{ ...denial, count: 1 }],
  });

  test("tunnels by CONNECT, what was sent too early included, and leaves nothing behind", async () => {
    const port = trials.portOf("echoing");
    const rules = [`a.test:${port}`, `127.0.0.1:${port}`];
    expect(await exchange(rules, http, `${tunnelTo("A.test.", port)}early`)).toEqual({
      received: `${established}<early>`,
      network: one,
    });
    expect(readdirSync(directory.at("state"))).toEqual([]);
  });

  test("tunnels by SOCKS", async () => {
    const port = trials.portOf("echoing");
    const text = Buffer.concat([socksTo("a.test", port), Buffer.from("early")]);
    const { received, network } = await exchange([`a.test:${port}`, `127.0.0.1:${port}`], socks, text);
    expect([received, network]).toEqual(["\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00<early>", one]);
  });

  test("writes a request in absolute form anew, and passes its content on", async () => {
    const port = trials.portOf("answering");
    const lines = [`POST http://a.test:${port}/p HTTP/1.1`, `Host: a.test:${port}`, "Content-Length: 3", "Upgrade: x"];
    const { received, network } = await exchange([`a.test:${port}`, `127.0.0.1:${port}`], http, `${head(...lines)}abc`);
    const sent = head("POST /p HTTP/1.1", `Host: a.test:${port}`, "Content-Length: 3", "Connection: close");
    expect(received).toBe(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${sent}abc`);
    expect(network).toEqual(one);
  });

  test("carries no second request over the connection of the first", async () => {
    const port = trials.portOf("answering");
    const request = head(`GET http://a.test:${port}/ HTTP/1.1`, `Host: a.test:${port}`);
    const second = head("GET http://b.test/ HTTP/1.1", "Host: b.test");
    const { received } = await exchange([`a.test:${port}`, `127.0.0.1:${port}`], http, request + second);
    expect(received).not.toContain("b.test");
  });

  test("denies a host, a port, an address that are not listed, each in its words and in the outcome", async () => {
    const port = trials.portOf("echoing");
    const words = (name: string): string =>
      refusal("403 Forbidden", `${name} is not among the destinations that this job may connect to`);
    expect(await exchange(["a.test:1"], http, tunnelTo("b.test", 443))).toEqual({
      received: words("b.test:443"),
      network: denied({ host: "b.test", port: 443, reason: "host-not-listed" }),
    });
    expect(await exchange(["a.test:1"], http, tunnelTo("a.test", port))).toEqual({
      received: words(`a.test:${port}`),
      network: denied({ host: "a.test", port, reason: "port-not-listed" }),
    });
    const led = { host: "a.test", port, reason: "address-not-listed", address: "127.0.0.1" } as const;
    expect(await exchange([`a.test:${port}`], http, tunnelTo("a.test", port))).toEqual({
      received: words(`a.test:${port} leads to 127.0.0.1 (this host's loopback), which`),
      network: denied({ ...led, kind: "this host's loopback" }),
    });
    expect(await exchange([`a.test:${port}`], http, tunnelTo("127.0.0.1", port))).toMatchObject({
      network: denied({ host: "127.0.0.1", port, reason: "host-not-listed" }),
    });
    const { received, network } = await exchange(["metadata.test"], socks, socksTo("metadata.test", 80));
    expect([received.slice(0, 4), network]).toEqual([
      "\x05\x00\x05\x02",
      denied({
        host: "metadata.test",
        port: 80,
        reason: "address-not-listed",
        address: "169.254.169.254",
        kind: "a cloud's metadata",
      }),
    ]);
  });

  test("connects to the addresses of a name that are allowed, and to no other", async () => {
    const port = trials.portOf("echoing");
    const { received } = await exchange(
      [`mixed.test:${port}`, `127.0.0.1:${port}`],
      http,
      tunnelTo("mixed.test", port),
    );
    expect(received).toBe(`${established}<>`);
  });

  test("looks a name up once, and connects to what it judged: a second answer gains nothing", async () => {
    const port = trials.portOf("echoing");
    const answers = [["127.0.0.1"], ["169.254.169.254"]];
    let asked = 0;
    const changing: Resolve = async () => answers[asked++] ?? [];
    const rules = [`a.test:${port}`, `127.0.0.1:${port}`];
    expect(await exchange(rules, http, tunnelTo("a.test", port), changing)).toMatchObject({
      received: `${established}<>`,
      network: one,
    });
    expect(asked).toBe(1);
    // The next connection is judged by what the name means then.
    const { network } = await exchange(rules, http, tunnelTo("a.test", port), changing);
    expect([asked, network.denied, network.denials[0]?.address]).toEqual([2, 1, "169.254.169.254"]);
  });

  test("takes no address that a resolver gives in another form", async () => {
    const port = trials.portOf("echoing");
    const odd: Resolve = async () => ["0x7f.1", "2130706433", "127.1", "::ffff:127.0.0.1", "fe80::1%lo"];
    const { received, network } = await exchange(
      [`a.test:${port}`, `127.0.0.1:${port}`],
      http,
      tunnelTo("a.test", port),
      odd,
    );
    expect([received.slice(0, 12), network.allowed, network.denials[0]?.address]).toEqual([
      "HTTP/1.1 403",
      0,
      "::ffff:7f00:1",
    ]);
  });

  test("says what is not there or does not answer, which nobody denied", async () => {
    const closed = await listen(echo);
    const port = portOf(closed);
    closed.close();
    expect(await exchange(["gone.test"], http, tunnelTo("gone.test", 443))).toEqual({
      received: refusal("502 Bad Gateway", "gone.test:443 cannot be reached (ENOTFOUND)"),
      network: nothing,
    });
    expect(await exchange([`127.0.0.1:${port}`], http, tunnelTo("127.0.0.1", port))).toEqual({
      received: refusal("502 Bad Gateway", `127.0.0.1:${port} cannot be reached (ECONNREFUSED)`),
      network: nothing,
    });
    const { received } = await exchange([`127.0.0.1:${port}`], socks, socksTo("127.0.0.1", port));
    expect(received.slice(0, 4)).toBe("\x05\x00\x05\x05");
  });

  test.each([
    [http, "GET / HTTP/1.1\n\n", "HTTP/1.1 400 Bad Request", "a line does not end with CR and LF"],
    [
      http,
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
      "HTTP/1.1 400 Bad Request",
      "a line does not end with CR and LF",
    ],
    [
      http,
      head("GET / HTTP/1.1", "Host: a.test"),
      "HTTP/1.1 400 Bad Request",
      "the target is not http:// with a host and a path",
    ],
    [http, "A".repeat(40_000), "HTTP/1.1 431 Request Header Fields Too Large", "the head is too long"],
    [socks, "\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", "\x05\x00\x05\x07", "it is no CONNECT"],
    [socks, "\x04\x01\x00\x50\x7f\x00\x00\x01\x00", "\x05\x01", "it is no SOCKS 5"],
  ])("counts what is no request, case %#", async (service, text, start, kind) => {
    const { received, network } = await exchange(["a.test"], service, text);
    expect([received.startsWith(start), network]).toEqual([
      true,
      denied({ host: "", port: 0, reason: "malformed", kind }),
    ]);
  });

  test("ends what says too little, offers no method, or asks for a service that there is not", async () => {
    const all = [
      [http, "CONNECT a.test"],
      [http, ""],
      [socks, ""],
      [7, "CONNECT a.test:443 HTTP/1.1\r\n\r\n"],
    ] as const;
    for (const [service, text] of all)
      expect(await exchange(["a.test"], service, text)).toEqual({ received: "", network: nothing });
    expect(await exchange(["a.test"], socks, "\x05\x01\x02")).toEqual({ received: "\x05\xff", network: nothing });
  });

  test("says why also to who is still sending", async () => {
    const request = head("POST http://b.test/ HTTP/1.1", "Host: b.test", "Content-Length: 9000000");
    const { received } = await exchange(["a.test"], http, request + "x".repeat(9_000_000));
    expect(received).toStartWith("HTTP/1.1 403 Forbidden\r\n");
    expect(received).toEndWith("connect to\n");
  });

  test("ends with what the job has sent on its way, and does not wait for an answer", async () => {
    const { promise: gone, resolve: onGone } = Promise.withResolvers<number>();
    const silent = await listen((socket) => {
      let count = 0;
      socket.on("data", (chunk: Buffer) => (count += chunk.length));
      socket.on("error", () => onGone(count));
      socket.on("end", () => onGone(count));
    });
    const port = portOf(silent);
    const proxy = await startFor([`127.0.0.1:${port}`]);
    const size = 4_000_000;
    const client = open(proxy, http, tunnelTo("127.0.0.1", port));
    await new Promise((resolve) => client.socket.once("data", resolve));
    client.socket.write(Buffer.alloc(size));
    client.socket.end();
    expect(await proxy.close()).toEqual(one);
    expect(await gone).toBe(size);
    await client.received;
    silent.close();
  });

  test("carries a lot in both directions at once, whole", async () => {
    const port = trials.portOf("echoing");
    const proxy = await startFor([`127.0.0.1:${port}`]);
    const text = "0123456789abcdef".repeat(200_000);
    const clients = [1, 2, 3].map(() => open(proxy, http, tunnelTo("127.0.0.1", port) + text, true));
    const received = await Promise.all(clients.map((client) => client.received));
    expect(received.map((text_) => text_ === `${established}<${text}>`)).toEqual([true, true, true]);
    expect(await proxy.close()).toEqual({ ...nothing, allowed: 3 });
  });

  test("breaks off towards the job where the host breaks off", async () => {
    const breaking = await listen((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.resetAndDestroy());
    });
    const port = portOf(breaking);
    const proxy = await startFor([`127.0.0.1:${port}`]);
    expect(await open(proxy, http, `${tunnelTo("127.0.0.1", port)}x`).received).toBe(established);
    await proxy.close();
    breaking.close();
  });

  test("finds the first place that takes a socket, and says why none does", async () => {
    const file = directory.file("file");
    const long = directory.folder("l".repeat(120), 0o700);
    const proxy = await startProxy([], { directories: [file, long, directory.at("state")], uid });
    expect(proxy.path.startsWith(`${directory.at("state")}/proxy-${process.pid}-`)).toBe(true);
    await proxy.close();
    const failure = await startProxy([], { directories: [file, long], uid }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "set-up",
      message: `No place for the proxy's socket: ${file}: EEXIST; ${long} is too long a path for a socket`,
    });
  });

  test("cuts off what is open when other rules come, and judges by those from then on", async () => {
    const port = trials.portOf("echoing");
    const proxy = await startFor([`127.0.0.1:${port}`]);
    const [tunnel, asking] = [open(proxy, http, tunnelTo("127.0.0.1", port)), open(proxy, http, "CONNECT 127")];
    await new Promise((resolve) => tunnel.socket.once("data", resolve));
    proxy.allowOnly([]);
    expect([await tunnel.received, await asking.received]).toEqual([established, ""]);
    expect(await open(proxy, http, tunnelTo("127.0.0.1", port), true).received).toStartWith("HTTP/1.1 403 Forbidden");
    expect(await proxy.close()).toEqual({
      allowed: 1,
      denied: 1,
      denials: [{ host: "127.0.0.1", port, reason: "host-not-listed", count: 1 }],
    });
  });

  test("keeps no connection that was under way when other rules came", async () => {
    const port = trials.portOf("echoing");
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<readonly string[]>();
    const proxy = await startFor([`a.test:${port}`, `127.0.0.1:${port}`], () => {
      asked.resolve();
      return answered.promise;
    });
    const client = open(proxy, http, tunnelTo("a.test", port), true);
    await asked.promise;
    proxy.allowOnly([]);
    answered.resolve(["127.0.0.1"]);
    expect([await client.received, await proxy.close()]).toEqual(["", nothing]);
  });
});
