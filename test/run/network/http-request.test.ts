import { describe, expect, test } from "bun:test";
import {
  findHead,
  headBytesMax,
  parseHttpRequest,
  parseTunnelledRequest,
} from "../../../src/run/network/http-request.ts";
import { renderHost } from "../../../src/run/network/judge-destination.ts";

/** A head of these lines. */
const head = (...lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;

/** What is understood, in words: the destination, and what is sent on. */
function understood(text: string): string {
  const request = parseHttpRequest(text);
  if (request.kind === "problem") return `${request.status} ${request.problem}`;
  const destination = `${renderHost(request.destination.host)} ${request.destination.port}`;
  if (request.kind === "tunnel") return `tunnel to ${destination}`;
  const length = request.body.kind === "length" ? ` ${request.body.bytes}` : "";
  return `to ${destination}, ${request.body.kind}${length}: ${request.head.slice(0, -4).replaceAll("\r\n", " | ")}`;
}

const noLength = "400 the length of the content is said more than once";
const noField = "400 a field is no name and value on one line";
const noLine = "400 there is no request line";
const noTarget = "400 the target is not http:// with a host and a path";
const noAuthority = "400 CONNECT names no host and port";
const wrongHost = "400 Host is not the target's";

describe("parseHttpRequest, of CONNECT,", () => {
  test.each([
    [["CONNECT a.example:443 HTTP/1.1", "Host: a.example:443"], "tunnel to a.example 443"],
    [["CONNECT A.Example.:443 HTTP/1.1", "Host: a.example:443"], "tunnel to a.example 443"],
    [["CONNECT a.example:22 HTTP/1.0"], "tunnel to a.example 22"],
    [["CONNECT [::1]:8080 HTTP/1.1", "Host: [::1]:8080", "Content-Length: 0"], "tunnel to [::1] 8080"],
    [["CONNECT a.example:443 HTTP/1.1", "Host: a.example"], "tunnel to a.example 443"],
    [["CONNECT a.example HTTP/1.1"], noAuthority],
    [["CONNECT a.example:0 HTTP/1.1"], noAuthority],
    [["CONNECT a.example:0443 HTTP/1.1"], noAuthority],
    [["CONNECT a.example:443/ HTTP/1.1"], noAuthority],
    [["CONNECT http://a.example:443 HTTP/1.1"], noAuthority],
    [["CONNECT user@a.example:443 HTTP/1.1"], noAuthority],
    [["CONNECT a.example:443@b.example:443 HTTP/1.1"], noAuthority],
    [["CONNECT a.example%2e:443 HTTP/1.1"], noAuthority],
    [["CONNECT 2130706433:443 HTTP/1.1"], noAuthority],
    [["CONNECT 0x7f.1:443 HTTP/1.1"], noAuthority],
    [["CONNECT 127.0.0.1.:443 HTTP/1.1"], noAuthority],
    [["CONNECT [::ffff:127.0.0.1%25lo]:443 HTTP/1.1"], noAuthority],
    [["CONNECT bücher.example:443 HTTP/1.1"], noLine],
    [["CONNECT a.example:443 HTTP/1.1", "Host: b.example:443"], wrongHost],
    [["CONNECT a.example:443 HTTP/1.1", "Host: a.example:80"], wrongHost],
    [
      ["CONNECT a.example:443 HTTP/1.1", "Host: a.example:443", "Host: a.example:443"],
      "400 there is more than one Host",
    ],
    [["CONNECT a.example:443 HTTP/1.1", "Content-Length: 5"], "400 CONNECT has content"],
    [["CONNECT a.example:443 HTTP/1.1", "Transfer-Encoding: chunked"], "400 CONNECT has content"],
  ])("%j: %s", (lines, words) => expect(understood(head(...lines))).toBe(words));
});

describe("parseHttpRequest, in absolute form,", () => {
  test.each([
    [
      ["GET http://a.example/p?q HTTP/1.1", "Host: a.example", "Accept: */*"],
      "to a.example 80, none: GET /p?q HTTP/1.1 | Host: a.example | Accept: */* | Connection: close",
    ],
    [
      ["POST HTTP://A.example:8080 HTTP/1.1", "host: a.EXAMPLE:8080", "Content-Length: 12"],
      "to a.example 8080, length 12: POST / HTTP/1.1 | Host: a.example:8080 | Content-Length: 12 | Connection: close",
    ],
    [
      ["GET http://a.example?q HTTP/1.0"],
      "to a.example 80, none: GET /?q HTTP/1.1 | Host: a.example | Connection: close",
    ],
    [
      [
        "PUT http://[::1]/ HTTP/1.1",
        "Host: [::1]",
        "Transfer-Encoding: Chunked",
        "Connection: keep-alive, X-Secret",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic eA==",
        "X-Secret: 1",
        "TE: trailers",
        "Upgrade: h2c",
        "Keep-Alive: 5",
        "X-Kept:\t ä ",
      ],
      "to [::1] 80, chunked: PUT / HTTP/1.1 | Host: [::1] | Transfer-Encoding: Chunked | X-Kept: ä | Connection: close",
    ],
    [["GET / HTTP/1.1", "Host: a.example"], noTarget],
    [["OPTIONS * HTTP/1.1", "Host: a.example"], noTarget],
    [["GET ftp://a.example/ HTTP/1.1", "Host: a.example"], noTarget],
    [["GET http:///p HTTP/1.1", "Host: a.example"], noTarget],
    [["GET http://a.example/p#f HTTP/1.1", "Host: a.example"], noTarget],
    [["GET http://user:pass@a.example/ HTTP/1.1", "Host: a.example"], noTarget],
    [["GET http://a.example\\@b.example/ HTTP/1.1", "Host: a.example"], noTarget],
    [["GET http://a.example:80:443/ HTTP/1.1", "Host: a.example"], noTarget],
    [["GET http://127.1/ HTTP/1.1", "Host: 127.1"], noTarget],
    [["GET http://a%2eexample/ HTTP/1.1", "Host: a.example"], noTarget],
    [["GET https://a.example/ HTTP/1.1", "Host: a.example"], "400 what is encrypted goes through CONNECT"],
    [["GET http://a.example/ HTTP/1.1"], "400 Host is missing"],
    [["GET http://a.example/ HTTP/1.1", "Host: b.example"], wrongHost],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example:8080"], wrongHost],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example", "Host: b.example"], "400 there is more than one Host"],
    [["GET http://a.example/ HTTP/1.1", "Host: "], wrongHost],
    [["POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 1", "Content-Length: 1"], noLength],
    [
      ["POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 1", "Transfer-Encoding: chunked"],
      noLength,
    ],
    [["POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 1, 1"], "400 Content-Length is no number"],
    [["POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: +1"], "400 Content-Length is no number"],
    [["POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 0x1"], "400 Content-Length is no number"],
    [
      ["POST http://a.example/ HTTP/1.1", "Host: a.example", "Transfer-Encoding: gzip, chunked"],
      "501 no Transfer-Encoding but chunked is passed on",
    ],
    [
      ["POST http://a.example/ HTTP/1.0", "Transfer-Encoding: chunked"],
      "501 no Transfer-Encoding but chunked is passed on",
    ],
    [
      ["POST http://a.example/ HTTP/1.1", "Host: a.example", "Content-Length: 1", "Connection: content-length"],
      "400 Connection names what the request is read by",
    ],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example", " folded"], noField],
    [["GET http://a.example/ HTTP/1.1", "Host : a.example"], noField],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example", "no colon"], noField],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example", ": nameless"], noField],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example", "A: b\u0001"], noField],
    [["GET http://a.example/ HTTP/1.1", "Host: a.example", "A: b\u007f"], noField],
    [["GET  http://a.example/ HTTP/1.1", "Host: a.example"], noLine],
    [["GET http://a.example/ HTTP/1.1 ", "Host: a.example"], noLine],
    [["GET http://a.example/ ", "Host: a.example"], noLine],
    [["GET\thttp://a.example/\tHTTP/1.1", "Host: a.example"], noLine],
    [["G(T http://a.example/ HTTP/1.1", "Host: a.example"], noLine],
    [["", "GET http://a.example/ HTTP/1.1", "Host: a.example"], noLine],
    [["GET http://a.example/ HTTP/2.0", "Host: a.example"], "505 it is no HTTP/1"],
    [["PRI * HTTP/2.0"], "505 it is no HTTP/1"],
    [["GET http://a.example/ HTTP/1.1", ...Array.from({ length: 129 }, () => "A: b")], "431 there are too many fields"],
  ])("%j: %s", (lines, words) => expect(understood(head(...lines))).toBe(words));
});

describe("findHead", () => {
  const find = (text: string): unknown => findHead(Buffer.from(text, "latin1"));
  const loneEnd = { kind: "problem", status: 400, problem: "a line does not end with CR and LF" };

  test.each([
    ["GET", undefined],
    ["GET / HTTP/1.1\r", undefined],
    ["GET / HTTP/1.1\r\nA: b\r\n\r\nrest\n", { length: 24 }],
    ["GET / HTTP/1.1\n", loneEnd],
    ["GET / HTTP/1.1\rA", loneEnd],
    ["GET / HTTP/1.1\r\nA: b\n\r\n\r\n", loneEnd],
    ["GET\0", loneEnd],
    ["a".repeat(headBytesMax - 1), undefined],
    ["a".repeat(headBytesMax), { kind: "problem", status: 431, problem: "the head is too long" }],
    [`${"a".repeat(headBytesMax)}\r\n\r\n`, { kind: "problem", status: 431, problem: "the head is too long" }],
  ])("%j", (text, found) => expect(find(text)).toEqual(found as never));
});

describe("headers that are put in", () => {
  const key = { text: "X-Key", value: "s" };
  const sent = (request: ReturnType<typeof parseHttpRequest>): string =>
    request.kind === "forward" ? request.head.slice(0, -4).replaceAll("\r\n", " | ") : JSON.stringify(request);

  test("take the place of what the job sent under their names, for their destination alone", () => {
    const find = (destination: { readonly port: number }) => (destination.port === 80 ? [key] : []);
    const lines = ["Host: a.example", "x-key: 1", "X-KEY: 2", "Connection: X-Key"];
    expect(sent(parseHttpRequest(head("GET http://a.example/ HTTP/1.1", ...lines), find))).toBe(
      "GET / HTTP/1.1 | Host: a.example | X-Key: s | Connection: close",
    );
    const other = head("GET http://a.example:81/ HTTP/1.1", "Host: a.example:81", "x-key: 1");
    expect(sent(parseHttpRequest(other, find))).toBe(
      "GET / HTTP/1.1 | Host: a.example:81 | x-key: 1 | Connection: close",
    );
  });

  const destination = { host: { kind: "name", name: "a.example" }, port: 443 } as const;
  const refused = (words: string): string => JSON.stringify({ kind: "problem", status: 400, problem: words });

  test.each([
    [["GET /p?q HTTP/1.1", "Host: a.example"], "GET /p?q HTTP/1.1 | Host: a.example | X-Key: s | Connection: close"],
    [["GET / HTTP/1.1", "Host: A.Example:443"], "GET / HTTP/1.1 | Host: a.example | X-Key: s | Connection: close"],
    [["OPTIONS * HTTP/1.0", "Host: a.example"], "OPTIONS * HTTP/1.1 | Host: a.example | X-Key: s | Connection: close"],
    [["GET / HTTP/1.1", "Host: b.example"], refused("Host is not the target's")],
    [["GET / HTTP/1.1", "Host: a.example:8443"], refused("Host is not the target's")],
    [["GET / HTTP/1.1", "Host: a.example", "Host: b.example"], refused("there is more than one Host")],
    [["GET / HTTP/1.1"], refused("Host is missing")],
    [["GET / HTTP/1.0"], refused("Host is missing")],
    [["GET https://b.example/ HTTP/1.1", "Host: a.example"], refused("the target is no path")],
    [["GET /#f HTTP/1.1", "Host: a.example"], refused("the target is no path")],
    [["CONNECT b.example:443 HTTP/1.1", "Host: a.example"], refused("the target is no path")],
    [
      ["POST / HTTP/1.1", "Host: a.example", "Content-Length: 1", "Transfer-Encoding: chunked"],
      refused("the length of the content is said more than once"),
    ],
    [
      ["GET / HTTP/1.1", "Host: a.example", "Connection: host"],
      refused("Connection names what the request is read by"),
    ],
  ])("through a tunnel: %j", (lines, words) =>
    expect(sent(parseTunnelledRequest(head(...lines), destination, [key]))).toBe(words),
  );
});
