/** Whatever a job says to its proxy: it is understood in one way or refused, and the proxy goes on. */
import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import fc from "fast-check";
import { BodyReader } from "../../src/run/network/body-reader.ts";
import { parseHostName } from "../../src/run/network/host-name.ts";
import { findHead, parseHttpRequest } from "../../src/run/network/http-request.ts";
import { renderHost, type Destination } from "../../src/run/network/judge-destination.ts";
import { parseSocksGreeting, parseSocksRequest } from "../../src/run/network/socks-request.ts";
import { startProxy } from "../../src/run/network/start-proxy.ts";
import { makeTempDir } from "../support/temp-dir.ts";

/** What requests are made of, and what confuses those who read them. */
const parts = fc.constantFrom(
  ..."GET|POST|CONNECT|OPTIONS|HTTP/1.1|HTTP/1.0|HTTP/2.0|http://|https://|a.test|b.test:80|[::1]|127.0.0.1|0x7f.1".split(
    "|",
  ),
  ..."Host:|Content-Length:|Transfer-Encoding:|Connection:|chunked|close|5|+5|5, 5|identity|/path|?q|#f|@|%2e".split(
    "|",
  ),
  ..." |\t|\r\n|\n|\r|\r\n\r\n|\r\n |\0|:|\x7f|\xff|,|;".split("|"),
);

const lines = fc
  .array(fc.oneof({ weight: 8, arbitrary: parts }, fc.string({ unit: "binary-ascii", maxLength: 4 })), {
    maxLength: 30,
  })
  .map((words) => words.join(""));

/** Requests that are right, by the start of their field Host. */
const right = [
  ["GET http://a.test/", "a.test"],
  ["POST http://a.test:8080/p?q", "a.test:8080"],
  ["CONNECT a.test:443", "a.test:443"],
  ["PUT http://[::1]", "[::1]"],
] as const;

const otherFields =
  "Host: a.test|Host: b.test|host:a.test:8080|Content-Length: 5|content-length: 6|Transfer-Encoding: chunked|Transfer-Encoding: x|Connection: host|Connection: x, y|X: y|A: \xe4| folded|Y : z|Proxy-Connection: a";

/** Nearly right: with some fields more, or without what every request has. */
const nearly = fc
  .tuple(
    fc.constantFrom(...right),
    fc.boolean(),
    fc.array(fc.constantFrom(...otherFields.split("|")), { maxLength: 3 }),
  )
  .map(([[line, host], hasHost, fields]) =>
    [`${line} HTTP/1.1`, ...(hasHost ? [`Host: ${host}`] : []), ...fields, "", ""].join("\r\n"),
  );

const input = fc.oneof(
  lines,
  nearly,
  nearly.map((text) => text.replace("\r\n", "\n")),
);

function isCanonical({ host, port }: Destination): boolean {
  const again = parseHostName(renderHost(host));
  return again !== undefined && renderHost(again) === renderHost(host) && port >= 1 && port <= 65_535;
}

/** Names of the fields of a head that is sent on, in lower case. */
function fieldNames(head: string): string[] {
  const [, ...fields] = head.slice(0, -4).split("\r\n");
  return fields.map(
    (line) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?=: )/.exec(line)?.[0]?.toLowerCase() ?? `not a field: ${line}`,
  );
}

describe("a request at random", () => {
  test("is refused, or sent on with one host, which was judged, and one length, 20,000 times", () => {
    let understood = 0;
    fc.assert(
      fc.property(input, (text) => {
        const found = findHead(Buffer.from(text, "latin1"));
        if (found === undefined || "problem" in found) return;
        const request = parseHttpRequest(text.slice(0, found.length));
        if (request.kind === "problem") return;
        understood += 1;
        expect(isCanonical(request.destination)).toBe(true);
        if (request.kind === "tunnel") return;
        const names = fieldNames(request.head);
        const count = (name: string): number => names.filter((one) => one === name).length;
        expect([count("host"), count("connection"), names.filter((name) => name.startsWith("not"))]).toEqual([
          1,
          1,
          [],
        ]);
        const lengths = { none: [0, 0], length: [1, 0], chunked: [0, 1] }[request.body.kind];
        expect([count("content-length"), count("transfer-encoding")]).toEqual(lengths);
        expect(request.head.indexOf("\r\n\r\n")).toBe(request.head.length - 4);
        expect(request.head.replaceAll("\r\n", "")).not.toMatch(/[\r\n\0]/);
      }),
      { numRuns: 20_000 },
    );
    expect(understood).toBeGreaterThan(1000);
  });

  test("has content that ends in one place, however it comes, 5,000 times", () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(..."0|5|a|\r\n|\n|hello|;x|0\r\n\r\n|5\r\nhello\r\n".split("|")), { maxLength: 12 }),
        fc.integer({ min: 1, max: 7 }),
        (words, step) => {
          const bytes = Buffer.from(words.join(""));
          const whole = new BodyReader({ kind: "chunked" });
          const taken = whole.take(bytes);
          const cut = new BodyReader({ kind: "chunked" });
          let sum: number | undefined = 0;
          for (let at = 0; at < bytes.length && sum !== undefined && !cut.isDone; at += step) {
            const count = cut.take(bytes.subarray(at, at + step));
            sum = count === undefined ? undefined : sum + count;
          }
          expect([sum, cut.isDone]).toEqual([taken, whole.isDone]);
        },
      ),
      { numRuns: 5000 },
    ));

  test("of SOCKS is refused or names one destination, however it comes, 10,000 times", () =>
    fc.assert(
      fc.property(
        fc.tuple(
          fc.constantFrom(4, 5),
          fc.constantFrom(1, 2),
          fc.constantFrom(0, 1),
          fc.nat(5),
          fc.uint8Array({ maxLength: 300 }),
        ),
        ([version, command, reserved, type, rest]) => {
          const bytes = Buffer.from([version, command, reserved, type, ...rest]);
          parseSocksGreeting(bytes);
          const read = parseSocksRequest(bytes);
          if (read?.kind !== "read") return;
          expect(isCanonical(read.value)).toBe(true);
          expect(parseSocksRequest(bytes.subarray(0, read.length))).toEqual(read);
          expect(parseSocksRequest(bytes.subarray(0, read.length - 1))).toBeUndefined();
        },
      ),
      { numRuns: 10_000 },
    ));
});

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

  test("goes on after 2,000 requests at random, and has connected to nothing", async () => {
    const uid = process.geteuid?.() ?? -1;
    const asked: string[] = [];
    const proxy = await startProxy(
      ["a.test:*", "*.a.test"],
      { directories: [directory.at("state")], uid },
      async (name) => {
        asked.push(name);
        return ["127.0.0.1", "::1", "169.254.169.254"];
      },
    );
    const texts = fc.sample(input, 1500).map((text) => [0, Buffer.from(text, "latin1")] as const);
    const messages = fc
      .sample(fc.uint8Array({ maxLength: 40 }), 500)
      .map((rest) => [1, Buffer.from([5, 1, 0, 5, 1, 0, 3, ...rest])] as const);
    const all = [...texts, ...messages];
    for (let at = 0; at < all.length; at += together)
      await Promise.all(all.slice(at, at + together).map(([service, bytes]) => say(proxy.path, service, bytes)));
    const { allowed, denied, denials } = await proxy.close();
    expect([allowed, denied > 500, denials.length <= 100]).toEqual([0, true, true]);
    expect(asked.filter((name) => name !== "a.test")).toEqual([]);
  });
});
