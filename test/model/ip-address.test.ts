import { describe, expect, test } from "bun:test";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import {
  isInPrefix,
  maskAddress,
  parseIpAddress,
  renderIpAddress,
  type IpAddress,
} from "../../src/model/ip-address.ts";

function parse(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

describe("parseIpAddress", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8::00fF", "2001:db8::ff"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::ffff:127.0.0.1", "::ffff:7f00:1"],
    ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
  ])("reads %s, which is %s", (text, canonical) => expect(renderIpAddress(parse(text))).toBe(canonical));

  test.each([
    "",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "127.0.0.256",
    "127.0.0.1 ",
    "127.0.0.-1",
    "١٢٧.0.0.1",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "::g",
    "fe80::1%eth0",
    "::ffff:127.1",
    "::127.0.0.1:0",
    "[::1]",
  ])("does not read %p", (text) => expect(parseIpAddress(text)).toBeUndefined());

  test("reads what the runtime reads but for zones, and means the same by it", () =>
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/)), (text) => {
        expect(parseIpAddress(text) !== undefined).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 2000 },
    ));

  test("reads what it writes", () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const address = { version: 6 as const, bytes: [...bytes] };
        expect(parseIpAddress(renderIpAddress(address))).toEqual(address);
      }),
    ));
});

describe("a prefix", () => {
  test.each([
    ["10.0.0.0", 8, "10.255.1.2", true],
    ["10.0.0.0", 8, "11.0.0.0", false],
    ["172.16.0.0", 12, "172.31.255.255", true],
    ["172.16.0.0", 12, "172.32.0.0", false],
    ["1.2.3.4", 32, "1.2.3.4", true],
    ["1.2.3.4", 32, "1.2.3.5", false],
    ["0.0.0.0", 0, "9.9.9.9", true],
    ["0.0.0.0", 0, "::9", false],
    ["fc00::", 7, "fdff::1", true],
    ["fc00::", 7, "fe00::1", false],
  ])("%s/%d: %s is in it: %p", (address, bits, other, isIn) =>
    expect(isInPrefix(parse(other), { address: parse(address), bits })).toBe(isIn),
  );

  test("of an address is what is left of it", () =>
    expect([maskAddress(parse("10.1.2.3"), 12), maskAddress(parse("ffff::ff"), 124)].map(renderIpAddress)).toEqual([
      "10.0.0.0",
      "ffff::f0",
    ]));
});
