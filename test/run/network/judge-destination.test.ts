import { describe, expect, test } from "bun:test";
import { parseDestinationRule } from "../../../src/run/network/destination-rule.ts";
import { parseHostName } from "../../../src/run/network/host-name.ts";
import { parseIpAddress } from "../../../src/model/ip-address.ts";
import { judgeAddress, judgeDestination, type Judgement } from "../../../src/run/network/judge-destination.ts";

function judge(rules: readonly string[], text: string, port: number): string {
  const host = parseHostName(text);
  if (host === undefined) throw new Error(`${text} is no host`);
  const judgement = judgeDestination(
    rules.map((rule) => parseDestinationRule(rule, "")),
    { host, port },
  );
  return judgement.allowed ? "allowed" : judgement.reason;
}

describe("judgeDestination", () => {
  test.each([
    [["a.example"], "a.example", 443, "allowed"],
    [["a.example"], "A.EXAMPLE.", 80, "allowed"],
    [["a.example"], "a.example", 8080, "port-not-listed"],
    [["a.example:22"], "a.example", 443, "port-not-listed"],
    [["a.example:*"], "a.example", 1, "allowed"],
    [["a.example"], "b.a.example", 443, "host-not-listed"],
    [["a.example"], "xa.example", 443, "host-not-listed"],
    [["a.example"], "a.example.evil.example", 443, "host-not-listed"],
    [["*.a.example"], "a.example", 443, "host-not-listed"],
    [["*.a.example"], "b.a.example", 443, "allowed"],
    [["*.a.example"], "c.b.a.example", 443, "allowed"],
    [["*.a.example"], "xa.example", 443, "host-not-listed"],
    [["a.example:22", "a.example:23"], "a.example", 23, "allowed"],
    [["10.0.0.0/8:5432"], "10.1.2.3", 5432, "allowed"],
    [["10.0.0.0/8:5432"], "10.1.2.3", 80, "port-not-listed"],
    [["10.0.0.0/8:5432"], "db.example", 5432, "host-not-listed"],
    [["127.0.0.1:80"], "[::ffff:127.0.0.1]", 80, "host-not-listed"],
    [["[::1]:80"], "[0:0:0:0:0:0:0:1]", 80, "allowed"],
    [["a.example"], "8.8.8.8", 443, "host-not-listed"],
  ])("with %j, %s at %d: %s", (rules, host, port, judgement) => expect(judge(rules, host, port)).toBe(judgement));
});

describe("judgeAddress", () => {
  const own = "8.8.4.4";
  const judgeIt = (rules: readonly string[], text: string): Judgement => {
    const address = parseIpAddress(text) ?? { version: 4, bytes: [] };
    const isOwn = ({ bytes }: { bytes: readonly number[] }): boolean => bytes.join(".") === own;
    return judgeAddress(
      rules.map((rule) => parseDestinationRule(rule, "")),
      address,
      80,
      isOwn,
    );
  };
  const denied = (address: string, kind: string): Judgement => ({
    allowed: false,
    reason: "address-not-listed",
    address,
    kind,
  });

  test.each([
    [["a.example"], "8.8.8.8", { allowed: true }],
    [["a.example"], "127.0.0.1", denied("127.0.0.1", "this host's loopback")],
    [["a.example", "127.0.0.1:80"], "127.0.0.1", { allowed: true }],
    [["a.example", "127.0.0.1:81"], "127.0.0.1", denied("127.0.0.1", "this host's loopback")],
    [["a.example", "10.0.0.0/8"], "10.9.9.9", { allowed: true }],
    [["a.example"], own, denied(own, "this host's own")],
    [["a.example", `${own}:80`], own, { allowed: true }],
    [["a.example", "127.0.0.1:80"], "::ffff:127.0.0.1", denied("::ffff:7f00:1", "an IPv4 address in another form")],
  ] satisfies [string[], string, Judgement][])("with %j, a name's %s: %j", (rules, text, judgement) =>
    expect(judgeIt(rules, text)).toEqual(judgement),
  );
});
