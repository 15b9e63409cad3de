/** Whatever a job says to its proxy: it is understood in one way or refused, and the proxy goes on. */
import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import fc from "fast-check";
import { startProxy } from "../../src/run/network/start-proxy.ts";
import { proxyProperties, requests } from "../support/proxy-properties.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test.each(Object.entries(proxyProperties))("%s, 10,000 times", (_, check) => check(10_000));

/** What the courier says of a connection for names, and a message of such a length. */
function askingBy(message: Uint8Array): Buffer {
  const nameServer = Buffer.alloc(18);
  nameServer.writeUInt16BE(53, 16);
  return Buffer.concat([nameServer, Buffer.of(0, message.length), message]);
}

/** As many as the courier holds. */
const together = 256;

describe("a proxy", () => {
  const directory = makeTempDir();
  afterAll(() => directory[Symbol.dispose]());

  /** Says it, and waits for the end. */
  function say(path: string, service: number, bytes: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ path, allowHalfOpen: true });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve());
    socket.on("end", () => socket.end());
    socket.resume();
    socket.end(Buffer.concat([Buffer.of(service), bytes]));
    return promise;
  }

  test("goes on after 2,500 requests at random, and has connected to nothing", async () => {
    const uid = process.geteuid?.() ?? -1;
    const asked: string[] = [];
    const proxy = await startProxy(
      ["a.test:*", "*.a.test"],
      { directories: [directory.at("state")], uid },
      {
        resolve: async (name) => {
          asked.push(name);
          return ["127.0.0.1", "::1", "169.254.169.254"];
        },
      },
    );
    const texts = fc.sample(requests, 1500).map((text) => [0, Buffer.from(text, "latin1")] as const);
    const messages = fc
      .sample(fc.uint8Array({ maxLength: 40 }), 500)
      .map((rest) => [1, Buffer.from([5, 1, 0, 5, 1, 0, 3, ...rest])] as const);
    const addresses = fc
      .sample(fc.uint8Array({ maxLength: 60 }), 500)
      .map((rest, index) => [2, index % 2 === 0 ? Buffer.from(rest) : askingBy(rest)] as const);
    const all = [...texts, ...messages, ...addresses];
    for (let at = 0; at < all.length; at += together)
      await Promise.all(all.slice(at, at + together).map(([service, bytes]) => say(proxy.path, service, bytes)));
    const { allowed, denied, denials } = await proxy.close();
    expect([allowed, denied > 500, denials.length <= 100]).toEqual([0, true, true]);
    expect(asked.filter((name) => name !== "a.test")).toEqual([]);
  });
});
