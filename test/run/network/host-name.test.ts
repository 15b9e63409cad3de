import { describe, expect, test } from "bun:test";
import { parseDomainName, parseHostName, parsePort } from "../../../src/run/network/host-name.ts";
import { renderHost } from "../../../src/run/network/judge-destination.ts";

describe("parseHostName", () => {
  test.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Com.", "example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["localhost", "localhost"],
    ["a-b.c1", "a-b.c1"],
    ["1.2.3.4a", "1.2.3.4a"],
    ["10.0.0.1", "10.0.0.1"],
    ["[::1]", "[::1]"],
    ["[2001:DB8::0]", "[2001:db8::]"],
    [`${"a".repeat(63)}.b`, `${"a".repeat(63)}.b`],
  ])("reads %s as %s", (text, host) => {
    const parsed = parseHostName(text);
    expect(parsed === undefined ? undefined : renderHost(parsed)).toBe(host);
  });

  test.each([
    "",
    ".",
    "a..b",
    ".a",
    "a..",
    "-a.example",
    "a-.example",
    "a_b.example",
    "a b.example",
    "a.example\0",
    "a.example\0.b.example",
    "a.example\r\n",
    "a.example%2e",
    "%61.example",
    "bücher.example",
    "a。example",
    "ａ.example",
    "user@a.example",
    "a.example/",
    "a.example:1",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.0.0.1.",
    "127.0.0.01",
    "1.2.3.4.5",
    "a.0x",
    "::1",
    "[127.0.0.1]",
    "[::1%25lo]",
    "[::1",
    "[]",
    `${"a".repeat(64)}.b`,
    Array.from({ length: 127 }, () => "a").join(".") + ".bc",
  ])("does not read %j", (text) => expect(parseHostName(text)).toBeUndefined());
});

test("parseDomainName reads no address", () => expect(parseDomainName("10.0.0.1")).toBeUndefined());

test("parsePort reads what can be connected to, written one way", () =>
  expect(["1", "443", "65535", "0", "65536", "0443", "+1", "1e3", " 1", "", "-1", "443 "].map(parsePort)).toEqual([
    1,
    443,
    65_535,
    ...Array.from({ length: 9 }, () => undefined),
  ]));
