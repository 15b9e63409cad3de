import { describe, expect, test } from "bun:test";
import { parseDestinationRule } from "../../src/run/network/destination-rule.ts";
import { escapeValue } from "../../src/verify/attack-line.ts";
import { injectionRequests, proxyRequests, proxyRules } from "../../src/verify/proxy-requests.ts";

const ports = { listed: 40_001, unlisted: 40_002 };
const requests = proxyRequests(ports);

describe("requests of a proxy", () => {
  test("are for the port that is not listed, in a spelling of their own each", () => {
    const lists = ["spelling-requests", "leading-requests", "twofold-requests"] as const;
    const items = lists.flatMap((key) => requests[key]?.split("\n") ?? []);
    // By SOCKS the port is two bytes.
    expect(items.filter((item) => !item.includes("40002") && !item.endsWith("%9CB"))).toEqual([]);
    expect(new Set(items).size).toBe(items.length);
    expect(items.filter((item) => !/^(?:http|socks) [!-~]+$/.test(item))).toEqual([]);
  });

  test("leave room in the attacker's line for each list", () => {
    const tooLong = Object.entries(requests).filter(([key, value]) => `set ${key} ${escapeValue(value)}`.length > 4000);
    expect(tooLong).toEqual([]);
  });

  test("say where the one and the other server are", () =>
    expect({ ...requests, "spelling-requests": "", "leading-requests": "", "twofold-requests": "" }).toEqual({
      "egress-address": "127.0.0.1",
      "egress-port": "40002",
      "listed-request": "http CONNECT%20127.0.0.1:40001%20HTTP/1.1%0D%0A%0D%0A",
      "spelling-requests": "",
      "leading-requests": "",
      "twofold-requests": "",
    }));
});

test("what the job lists is a rule each, and has no address at the other port", () =>
  expect(proxyRules(ports).map((rule) => parseDestinationRule(rule, "--allow-host"))).toEqual([
    {
      kind: "addresses",
      prefix: { address: { version: 4, bytes: [127, 0, 0, 1] }, bits: 32 },
      ports: [40_001],
    },
    { kind: "name", name: "localhost", hasSubdomains: false, ports: [40_002] },
    { kind: "name", name: "listed.invalid", hasSubdomains: false, ports: [40_002] },
  ]));

test("for a secret that the proxy puts in, all requests but the first name another place, each in a way of its own", () => {
  const keys = injectionRequests({ named: 40_001, other: 40_002 }, "X-Canary", "CUPEL_CANARY");
  const [meant, ...others] = keys["twofold-requests"]?.split("\n") ?? [];
  expect(meant).toBe("http GET%20http://127.0.0.1:40001/%20HTTP/1.1%0D%0AHost:%20127.0.0.1:40001%0D%0A%0D%0A");
  expect(others.filter((item) => !item.includes("40002"))).toEqual([]);
  expect(new Set(others).size).toBe(others.length);
  expect(`set twofold-requests ${escapeValue(keys["twofold-requests"] ?? "")}`.length).toBeLessThan(4000);
});
