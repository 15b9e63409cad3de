import { describe, expect, test } from "bun:test";
import { parseIpAddress } from "../../../src/model/ip-address.ts";
import { specialKind } from "../../../src/run/network/special-address.ts";

function kindOf(text: string): string | undefined {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return specialKind(address);
}

describe("specialKind", () => {
  test.each([
    ["0.0.0.0", "this host"],
    ["10.20.30.40", "a private network"],
    ["100.64.0.1", "a carrier's own network"],
    ["100.100.100.200", "a cloud's metadata"],
    ["127.0.0.1", "this host's loopback"],
    ["127.255.255.254", "this host's loopback"],
    ["168.63.129.16", "a cloud's metadata"],
    ["169.254.0.1", "link-local"],
    ["169.254.169.254", "a cloud's metadata"],
    ["172.16.0.1", "a private network"],
    ["192.168.1.1", "a private network"],
    ["198.18.0.1", "for measurements"],
    ["203.0.113.7", "for documentation"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "reserved"],
    ["::", "this host"],
    ["::1", "this host's loopback"],
    ["::7f00:1", "an IPv4 address in another form"],
    ["::ffff:8.8.8.8", "an IPv4 address in another form"],
    ["::ffff:127.0.0.1", "an IPv4 address in another form"],
    ["64:ff9b::127.0.0.1", "this host's loopback"],
    ["64:ff9b::a9fe:a9fe", "a cloud's metadata"],
    ["64:ff9b:1::1", "a private network"],
    ["2001:0:1::1", "reserved"],
    ["2001:db8::1", "for documentation"],
    ["2002:7f00:1::", "an IPv4 address in another form"],
    ["4000::1", "reserved"],
    ["fc00::1", "a private network"],
    ["fd00:ec2::254", "a cloud's metadata"],
    ["fe80::1", "link-local"],
    ["fec0::1", "a private network"],
    ["ff02::1", "multicast"],
  ])("%s is special: %s", (text, kind) => expect(kindOf(text)).toBe(kind));

  test.each(["8.8.8.8", "100.128.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2a00::1", "64:ff9b::8.8.8.8"])(
    "%s is of the public Internet",
    (text) => expect(kindOf(text)).toBeUndefined(),
  );
});
