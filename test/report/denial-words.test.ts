import { expect, test } from "bun:test";
import { describeDenials } from "../../src/report/denial-words.ts";
import type { Denial } from "../../src/model/denial.ts";

const denial: Denial = { host: "a.example", port: 443, reason: "host-not-listed", count: 1 };
const led: Denial = {
  host: "b.example",
  port: 80,
  reason: "address-not-listed",
  address: "::1",
  kind: "this host's loopback",
  count: 2,
};
const malformed: Denial = { host: "", port: 0, reason: "malformed", kind: "there is no request line", count: 1 };

const otherServer: Denial = { ...denial, reason: "sni", kind: "TLS asks for b.example" };

const unproven: Denial = { ...denial, reason: "host-not-proven", kind: "CERT_HAS_EXPIRED" };

const name: Denial = { ...denial, port: 0 };

test.each([
  [[name], 1, "1 name: a.example (--allow-host a.example)"],
  [
    [name, { ...name, host: "b.example" }],
    2,
    "2 names: a.example (--allow-host a.example) and b.example (--allow-host b.example)",
  ],
  [
    [name, denial],
    2,
    "2 connections and names: a.example (--allow-host a.example) and a.example:443 (--allow-host a.example:443)",
  ],
  [[otherServer], 1, "1 connection: a.example:443 (TLS asks for b.example)"],
  [[unproven], 1, "1 connection: a.example:443, which did not prove to be that host (CERT_HAS_EXPIRED)"],
  [[denial], 1, "1 connection: a.example:443 (--allow-host a.example:443)"],
  [
    [{ ...led, address: "10.0.0.1", kind: "a private network" }],
    2,
    "2 connections: b.example:80, which leads to 10.0.0.1 (a private network) (--allow-host 10.0.0.1:80)",
  ],
  [
    [led, malformed],
    3,
    "3 connections: b.example:80, which leads to ::1 (this host's loopback) (--allow-host [::1]:80) and a request that is none (there is no request line)",
  ],
  [
    [denial, denial, denial, denial, denial],
    9,
    "9 connections: a.example:443 (--allow-host a.example:443), a.example:443 (--allow-host a.example:443), a.example:443 (--allow-host a.example:443) and 2 more",
  ],
])("%j", (denials, denied, words) =>
  expect(describeDenials({ isCutOff: false, allowed: 0, denied, denials })).toBe(`the job was denied ${words}`),
);
