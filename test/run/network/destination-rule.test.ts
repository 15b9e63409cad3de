import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CupelError } from "../../../src/model/error.ts";
import { parseDestinationRule, type DestinationRule } from "../../../src/run/network/destination-rule.ts";
import { renderIpAddress } from "../../../src/model/ip-address.ts";

function shown(rule: DestinationRule): string {
  const ports = rule.ports === "any" ? "any" : rule.ports.join("+");
  if (rule.kind === "name") return `${rule.hasSubdomains ? "below " : ""}${rule.name} ${ports}`;
  return `${renderIpAddress(rule.prefix.address)}/${rule.prefix.bits} ${ports}`;
}

function problem(text: string): string {
  try {
    return shown(parseDestinationRule(text, "--allow-host"));
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
}

const isNone = (text: string, rest: string): string =>
  `--allow-host ${JSON.stringify(text)} is no destination: ${rest}`;

const aHost = "a host is a name of letters, digits, hyphens and dots, an IPv4 address, or an IPv6 address in brackets";
const aPort = "a port is a number from 1 to 65535, or *";

describe("parseDestinationRule", () => {
  test.each([
    ["api.example.com:443", "api.example.com 443"],
    ["API.Example.COM.", "api.example.com 80+443"],
    ["*.example.org", "below example.org 80+443"],
    ["*.example.org:8443", "below example.org 8443"],
    ["host:*", "host any"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example 80+443"],
    ["10.0.0.0/8:5432", "10.0.0.0/8 5432"],
    ["192.168.1.5", "192.168.1.5/32 80+443"],
    ["127.0.0.1:8080", "127.0.0.1/32 8080"],
    ["[::1]:8080", "::1/128 8080"],
    ["[fd00::]/8:*", "fd00::/8 any"],
    ["[::ffff:127.0.0.1]:1", "::ffff:7f00:1/128 1"],
  ])("reads %s", (text, rule) => expect(problem(text)).toBe(rule));

  test.each([
    ["https://api.example.com/v1", `${aHost}; write api.example.com:443`],
    ["http://api.example.com:8080", `${aHost}; write api.example.com:8080`],
    ["api.example.com/v1", `${aHost}; write api.example.com`],
    ["user@api.example.com:443", `${aHost}; write api.example.com:443`],
    ["bücher.example:443", `${aHost}; write xn--bcher-kva.example:443`],
    ["*", "* alone would be every name there is; name a domain; write *.example.org"],
    ["*:443", "* alone would be every name there is; name a domain; write *.example.org:443"],
    ["a.*.example", "a * can only be the whole first part of a name; write *.example.org"],
    ["*a.example", "a * can only be the whole first part of a name; write *.example.org"],
    ["*.*.example", "a * can only be the whole first part of a name; write *.example.org"],
    ["::1", "an IPv6 address goes into brackets; write [::1]"],
    ["10.1.2.3/8:22", "the address has bits behind the first 8; write 10.0.0.0/8:22"],
    ["[fd00::1]/64", "the address has bits behind the first 64; write [fd00::]/64"],
    ["10.0.0.0/33", "a prefix has at most 32 bits"],
    ["0.0.0.0/0", "a prefix this short holds this host and every private network; name the hosts that are meant"],
    ["[::]/0:443", "a prefix this short holds this host and every private network; name the hosts that are meant"],
    ["a.example:", `${aPort}; write a.example:443`],
    ["a.example:0", `${aPort}; write a.example:443`],
    ["a.example:65536", `${aPort}; write a.example:443`],
    ["a.example:https", `${aPort}; write a.example:443`],
    ["a.example:80:443", `${aPort}; write a.example:443`],
    ["", aHost],
    ["x:0//", aHost],
    [":443", aHost],
    ["a b", aHost],
    ["a_b.example", aHost],
    ["127.1:80", aHost],
    ["0x7f.1", aHost],
    ["2130706433:80", aHost],
    ["a.example\0", `${aHost}; write a.example`],
    ["[fe80::1%eth0]:80", aHost],
    ["*.10.0.0.1", aHost],
  ])("refuses %j", (text, rest) => expect(problem(text)).toBe(isNone(text, rest)));

  test("does not repeat what is longer than any name", () => {
    const long = "a.".repeat(5000);
    expect(problem(long)).toBe(isNone(long.slice(0, 300), "it is longer than any name"));
  });

  test("gives a rule or one sentence, whatever it is given", () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[*.:/[\]0-9a-fx]{0,24}$/)), (text) => {
        const said = problem(text);
        expect(said.includes("\n")).toBe(false);
        const nearest = /; write (\S+)$/.exec(said)?.[1];
        // What is proposed is taken.
        if (nearest !== undefined) expect(problem(nearest)).not.toContain("is no destination");
      }),
      { numRuns: 5000 },
    ));
});
