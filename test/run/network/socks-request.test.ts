import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { renderHost } from "../../../src/run/network/judge-destination.ts";
import { parseSocksGreeting, parseSocksRequest, renderSocksReply } from "../../../src/run/network/socks-request.ts";

function bytes(...parts: readonly (number | string)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.of(part))));
}

/** Longest request: a name of 255 bytes. */
const socksBytesMax = 262;

/** A request to connect to a name at port 443. */
const toName = (name: string): Uint8Array => bytes(5, 1, 0, 3, name.length, name, 1, 0xbb);

function understood(input: Uint8Array): string {
  const read = parseSocksRequest(input);
  if (read === undefined) return "more";
  if (read.kind === "problem") return `${read.reply}: ${read.problem}`;
  return `${renderHost(read.value.host)} ${read.value.port}, ${read.length} bytes`;
}

const noHost = "failed: it names no host and port";

describe("parseSocksGreeting", () => {
  test.each([
    [bytes(), undefined],
    [bytes(5), undefined],
    [bytes(5, 2, 0), undefined],
    [bytes(5, 1, 0), { kind: "read", value: { isOpen: true }, length: 3 }],
    [bytes(5, 2, 2, 0, 9), { kind: "read", value: { isOpen: true }, length: 4 }],
    [bytes(5, 1, 2), { kind: "read", value: { isOpen: false }, length: 3 }],
    [bytes(5, 0), { kind: "problem", reply: "failed", problem: "it offers no method" }],
    [bytes(4, 1, 0, 80), { kind: "problem", reply: "failed", problem: "it is no SOCKS 5" }],
    [bytes("GET /"), { kind: "problem", reply: "failed", problem: "it is no SOCKS 5" }],
  ])("%j", (input, read) => expect(parseSocksGreeting(input)).toEqual(read as never));
});

describe("parseSocksRequest", () => {
  test.each([
    [toName("a.example"), "a.example 443, 16 bytes"],
    [toName("A.Example."), "a.example 443, 17 bytes"],
    [bytes(5, 1, 0, 1, 127, 0, 0, 1, 0, 80), "127.0.0.1 80, 10 bytes"],
    [bytes(5, 1, 0, 4, "\0".repeat(15), 1, 31, 144, 7), "[::1] 8080, 22 bytes"],
    [toName("127.0.0.1"), "127.0.0.1 443, 16 bytes"],
    [toName("[::1]"), "[::1] 443, 12 bytes"],
    [toName("127.1"), noHost],
    [toName("2130706433"), noHost],
    [toName("0x7f.1"), noHost],
    [toName("a.example\0.b.example"), noHost],
    [toName("a.example\r\nX: y"), noHost],
    [toName("a.example:80"), noHost],
    [toName("b\xfccher.example"), noHost],
    [toName("::1"), noHost],
    [toName(""), noHost],
    [bytes(5, 1, 0, 3, 1, "a", 0, 0), noHost],
    [bytes(5, 2, 0, 1, 127, 0, 0, 1, 0, 80), "commandNotSupported: it is no CONNECT"],
    [bytes(5, 3, 0, 1, 127, 0, 0, 1, 0, 80), "commandNotSupported: it is no CONNECT"],
    [bytes(5, 1, 1, 1, 127, 0, 0, 1, 0, 80), "failed: a byte that is to be 0 is not"],
    [bytes(5, 1, 0, 2), "addressNotSupported: it names no address of a known kind"],
    [bytes(4, 1, 0, 80), "failed: it is no SOCKS 5"],
  ])("%j: %s", (input, words) => {
    expect(understood(input)).toBe(words);
    // What comes a byte at a time is told no sooner than it is there, and no other way.
    const told = Array.from(input, (_, index) => understood(input.subarray(0, index + 1))).find(
      (said) => said !== "more",
    );
    expect(told).toBe(words);
  });

  test("wants no more than the longest request has", () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: socksBytesMax, maxLength: socksBytesMax }), (input) => {
        expect(understood(Buffer.concat([bytes(5, 1, 0, 3), input]).subarray(0, socksBytesMax))).not.toBe("more");
      }),
    ));
});

test("a reply says nothing of where the connection comes from", () =>
  expect([...renderSocksReply("notAllowed")]).toEqual([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
