/** What has to hold of whatever a job says to its proxy: for tests, and for `scripts/fuzz.ts --of proxy`. */
import { deepEqual, equal, match, doesNotMatch, ok } from "node:assert/strict";
import fc from "fast-check";
import { BodyReader } from "../../src/run/network/body-reader.ts";
import { parseDestinationRule } from "../../src/run/network/destination-rule.ts";
import { parseClientHello } from "../../src/run/network/client-hello.ts";
import { parseDomainName, parseHostName } from "../../src/run/network/host-name.ts";
import { findHead, parseHttpRequest } from "../../src/run/network/http-request.ts";
import { renderHost, type Destination } from "../../src/run/network/judge-destination.ts";
import { parseNameQuery, renderNameAnswer } from "../../src/run/network/name-query.ts";
import { parseSocksGreeting, parseSocksRequest } from "../../src/run/network/socks-request.ts";
import { CupelError } from "../../src/model/error.ts";
import { clientHello } from "./client-hello.ts";
import { nameQuery } from "./name-query.ts";

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

/** Requests, most of them wrong. */
export const requests = fc.oneof(
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

/** A request is refused, or sent on with one host, which was judged, and one length. @throws for one that is not. */
function checkRequest(text: string): boolean {
  const found = findHead(Buffer.from(text, "latin1"));
  if (found === undefined || "problem" in found) return false;
  const request = parseHttpRequest(text.slice(0, found.length));
  if (request.kind === "problem") return false;
  ok(isCanonical(request.destination));
  if (request.kind === "tunnel") return true;
  const names = fieldNames(request.head);
  const count = (name: string): number => names.filter((one) => one === name).length;
  deepEqual([count("host"), count("connection"), names.filter((name) => name.startsWith("not"))], [1, 1, []]);
  const lengths = { none: [0, 0], length: [1, 0], chunked: [0, 1] }[request.body.kind];
  deepEqual([count("content-length"), count("transfer-encoding")], lengths);
  equal(request.head.indexOf("\r\n\r\n"), request.head.length - 4);
  doesNotMatch(request.head.replaceAll("\r\n", ""), /[\r\n\0]/);
  return true;
}

/** Takes content in pieces: how much of it belongs to a request, and whether that is all. */
function takeInPieces(bytes: Uint8Array, step: number): [number | undefined, boolean] {
  const reader = new BodyReader({ kind: "chunked" });
  let sum = 0;
  for (let at = 0; at < bytes.length && !reader.isDone; at += step) {
    const count = reader.take(bytes.subarray(at, at + step));
    if (count === undefined) return [undefined, false];
    sum += count;
  }
  return [sum, reader.isDone];
}

const pieces = "0|5|a|\r\n|\n|hello|;x|0\r\n\r\n|5\r\nhello\r\n".split("|");
const contents = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((words) => Buffer.from(words.join("")));

const messages = fc
  .tuple(
    fc.constantFrom(4, 5),
    fc.constantFrom(1, 2),
    fc.constantFrom(0, 1),
    fc.nat(5),
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([version, command, reserved, type, rest]) => Buffer.from([version, command, reserved, type, ...rest]));

function checkMessage(bytes: Uint8Array): void {
  parseSocksGreeting(bytes);
  const read = parseSocksRequest(bytes);
  if (read?.kind !== "read") return;
  ok(isCanonical(read.value));
  deepEqual(parseSocksRequest(bytes.subarray(0, read.length)), read);
  equal(parseSocksRequest(bytes.subarray(0, read.length - 1)), undefined);
}

const serverNames = fc.constantFrom(undefined, "a.test", "b.test", "localhost", "A.test", "a.test.", "127.0.0.1", "é");

/** Hellos cut into records, and the same with some of their bytes changed. */
const hellos = fc
  .tuple(serverNames, fc.integer({ min: 1, max: 400 }), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 2 }))
  .map(([name, recordBytes, changes]) => {
    const bytes = clientHello({ serverNames: name === undefined ? [] : [name], recordBytes });
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

/** What is said of some bytes is said of them with more behind them, and of no fewer of them something else. */
function checkFirstBytes(bytes: Uint8Array, cut: number): void {
  const whole = parseClientHello(bytes);
  const part = parseClientHello(bytes.subarray(0, Math.max(1, Math.min(cut, bytes.length))));
  if (part !== undefined) deepEqual(part, whole);
  if (whole === undefined) return;
  deepEqual(parseClientHello(Buffer.concat([bytes, Buffer.from("GET / HTTP/1.1")])), whole);
  const name = whole.kind === "hello" ? whole.serverName : undefined;
  if (name !== undefined) equal(parseDomainName(name), name);
}

const rules = fc.oneof(fc.string(), fc.stringMatching(/^[*.:/[\]0-9a-fx]{0,24}$/));

/** A rule, or one sentence; what is proposed in it is a rule. */
function checkRule(text: string): void {
  try {
    parseDestinationRule(text, "--allow-host");
  } catch (error) {
    if (!(error instanceof CupelError)) throw error;
    match(error.message, /^--allow-host .* is no destination: [^\n]*$/);
    const nearest = /; write (\S+)$/.exec(error.message)?.[1];
    if (nearest !== undefined) parseDestinationRule(nearest, "the proposal");
  }
}

const labels = fc.constantFrom("a", "test", "A", "-", "x.y", "", "\0", "\xff", "n".repeat(63), "n".repeat(64));

/** Queries for names, some of their bytes changed, and cut off somewhere. */
const nameQueries = fc
  .tuple(
    fc.array(labels, { maxLength: 6 }),
    fc.constantFrom(1, 28, 15, 0),
    fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 2 }),
    fc.nat(4),
  )
  .map(([words, type, changes, cut]) => {
    const bytes = nameQuery(words.filter((word) => word.length < 64).join("."), type);
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes.subarray(0, bytes.length - cut);
  });

/** The name is one that is looked up, and what is answered repeats what was asked and nothing else. */
function checkNameQuery(bytes: Uint8Array): void {
  const query = parseNameQuery(bytes);
  if (query === undefined) return;
  if (query.name !== undefined) equal(parseDomainName(query.name), query.name);
  deepEqual(Buffer.from(query.question), Buffer.from(bytes.subarray(12, 12 + query.question.length)));
  const answer = Buffer.from(renderNameAnswer(query, { kind: "no-such-name" }));
  equal(answer.readUInt16BE(0), answer.length - 2);
  deepEqual(answer.subarray(14), Buffer.from(query.question));
  equal(parseNameQuery(answer.subarray(2)), undefined);
}

/** Each tried so many times. @throws with the input that shows what does not hold. */
export const proxyProperties = {
  "a request is refused, or sent on with one host and one length": (numRuns: number): void => {
    let understood = 0;
    const check = (text: string): void => void (understood += checkRequest(text) ? 1 : 0);
    fc.assert(fc.property(requests, check), { numRuns });
    ok(understood > numRuns / 20, `only ${understood} of ${numRuns} requests were understood`);
  },
  "content ends in one place, however it comes": (numRuns: number): void =>
    fc.assert(
      fc.property(contents, fc.integer({ min: 1, max: 7 }), (bytes, step) =>
        deepEqual(takeInPieces(bytes, step), takeInPieces(bytes, Math.max(bytes.length, 1))),
      ),
      { numRuns },
    ),
  "a message of SOCKS is refused, or names one destination and ends in one place": (numRuns: number): void =>
    fc.assert(fc.property(messages, checkMessage), { numRuns }),
  "the first bytes of a tunnel are one thing, however they come": (numRuns: number): void =>
    fc.assert(
      fc.property(fc.oneof(hellos, fc.uint8Array({ minLength: 1, maxLength: 60 })), fc.nat(600), checkFirstBytes),
      { numRuns },
    ),
  "a query for a name is refused, or has one name and one answer": (numRuns: number): void =>
    fc.assert(fc.property(fc.oneof(nameQueries, fc.uint8Array({ maxLength: 40 })), checkNameQuery), { numRuns }),
  "a rule is one, or one sentence says what is wrong": (numRuns: number): void =>
    fc.assert(fc.property(rules, checkRule), { numRuns }),
} as const;
