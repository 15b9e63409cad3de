import { describe, expect, test } from "bun:test";
import { createServer, connect as connectTcp, type AddressInfo } from "node:net";
import { connect as connectTls } from "node:tls";
import { parseClientHello, type FirstBytes } from "../../../src/run/network/client-hello.ts";
import { clientHello, extension, helloMessage, inRecords, serverNameList } from "../../support/client-hello.ts";
import { execute } from "../../support/execute.ts";

const problem = (words: string): FirstBytes => ({ kind: "problem", problem: words });

/** What a client says first to whoever it connects to. */
async function firstWordsOf(client: (port: number) => unknown): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (parseClientHello(bytes) === undefined) return;
      resolve(bytes);
      socket.destroy();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  void client((server.address() as AddressInfo).port);
  const bytes = await promise;
  server.close();
  return bytes;
}

describe("of real clients", () => {
  const curl = (url: string) => (port: number) => execute(["curl", "-sk", "--connect-to", `::127.0.0.1:${port}`, url]);

  test("the server's name is read", async () => {
    const byCurl = parseClientHello(await firstWordsOf(curl("https://A.Example/")));
    const bySsl = parseClientHello(
      await firstWordsOf((port) =>
        execute(["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-servername", "b.example"]),
      ),
    );
    const byRuntime = parseClientHello(
      await firstWordsOf((port) =>
        connectTls({ host: "127.0.0.1", port, servername: "c.example" }).on("error", () => undefined),
      ),
    );
    expect([byCurl, bySsl, byRuntime]).toEqual(
      ["a.example", "b.example", "c.example"].map((serverName) => ({ kind: "hello", serverName })),
    );
  });

  test("there is none for an address, and nothing is TLS that is not", async () => {
    const plain = (port: number) => connectTcp(port, "127.0.0.1").end("SSH-2.0-x\r\n");
    expect([
      parseClientHello(await firstWordsOf(curl("https://127.0.0.1/"))),
      parseClientHello(await firstWordsOf(plain)),
    ]).toEqual([{ kind: "hello" }, { kind: "other" }]);
  });
});

describe("a ClientHello", () => {
  const named: FirstBytes = { kind: "hello", serverName: "a.test" };

  test("is read out of any records, once it is whole, whatever comes behind it", () => {
    for (const recordBytes of [1, 2, 3, 5, 50, 16_384]) {
      const bytes = clientHello({ serverNames: ["A.test"], recordBytes });
      for (let end = 1; end < bytes.length; end++) expect(parseClientHello(bytes.subarray(0, end))).toBeUndefined();
      expect(parseClientHello(bytes)).toEqual(named);
      expect(parseClientHello(Buffer.concat([bytes, Buffer.of(20, 3, 3, 0, 1, 1)]))).toEqual(named);
    }
  });

  test("without extensions names no server", () =>
    expect(parseClientHello(inRecords(helloMessage(undefined)))).toEqual({ kind: "hello" }));

  test.each([
    ["two names", clientHello({ serverNames: ["a.test", "a.test"] }), "it names servers twice"],
    [
      "another type of name",
      inRecords(helloMessage(extension(0, serverNameList("a.test", 1)))),
      "its server name is of an unknown type",
    ],
    ["an address", clientHello({ serverNames: ["127.0.0.1"] }), "its server name is no name"],
    ["a NUL", clientHello({ serverNames: ["a.test\0b.test"] }), "its server name is no name"],
    [
      "two in one list",
      inRecords(
        helloMessage(
          extension(
            0,
            Buffer.concat([
              Buffer.of(0, 18),
              serverNameList("a.test").subarray(2),
              serverNameList("b.test").subarray(2),
            ]),
          ),
        ),
      ),
      "it is longer than it says",
    ],
    [
      "an extension that ends behind the message",
      inRecords(helloMessage(Buffer.of(0, 0, 0, 9))),
      "it is shorter than it says",
    ],
    ["another message", clientHello({ type: 2 }), "it is another message"],
    ["an alert first", Buffer.of(21, 3, 1, 0, 2, 1, 0), "something else comes before its end"],
    ["a record of no length", Buffer.of(22, 3, 1, 0, 0), "a record of it has a length that none can have"],
    ["one that is too long", Buffer.of(22, 3, 1, 0, 4, 1, 1, 0, 0), "it is too long"],
    ["a record that is too long", Buffer.of(22, 3, 1, 0x40, 1), "a record of it has a length that none can have"],
    ["SSL 2", Buffer.of(0x80, 46, 1, 3, 1), "it has the form of SSL 2"],
    ["another version", inRecords(Buffer.concat([Buffer.of(1, 0, 0, 2), Buffer.of(2, 0)])), "its version is unknown"],
  ])("with %s is a problem", (_, bytes, words) => expect(parseClientHello(bytes)).toEqual(problem(words)));

  test.each(["G", "SSH-2.0", "\x16\x02", "\x00", "EHLO a", "\x05\x01\x00"])("is none of %j", (text) =>
    expect(parseClientHello(Buffer.from(text, "latin1"))).toEqual({ kind: "other" }),
  );
});
