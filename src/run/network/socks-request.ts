/** What a client of SOCKS 5 says (RFC 1928): no authentication, CONNECT, a name or an address. Pure. */
import { parseHostName, type HostName } from "./host-name.ts";
import type { Destination } from "./judge-destination.ts";

/** Replies (RFC 1928, section 6). */
export const socksReplies = {
  succeeded: 0,
  failed: 1,
  notAllowed: 2,
  hostUnreachable: 4,
  refused: 5,
  commandNotSupported: 7,
  addressNotSupported: 8,
} as const;

/** One of {@link socksReplies}. */
export type SocksReply = keyof typeof socksReplies;

/** What was read, and how many bytes it took. */
export type SocksRead<Value> =
  | { readonly kind: "read"; readonly value: Value; readonly length: number }
  | { readonly kind: "problem"; readonly reply: SocksReply; readonly problem: string };

const version = 5;

/** The methods that are offered: whether none is needed. Undefined until all of it is there. */
export function parseSocksGreeting(bytes: Uint8Array): SocksRead<{ readonly isOpen: boolean }> | undefined {
  const [first, count] = bytes;
  if (first !== undefined && first !== version) return problem("failed", "it is no SOCKS 5");
  if (count === 0) return problem("failed", "it offers no method");
  if (count === undefined || bytes.length < 2 + count) return undefined;
  const methods = bytes.subarray(2, 2 + count);
  return { kind: "read", value: { isOpen: methods.includes(0) }, length: 2 + count };
}

function problem(reply: SocksReply, words: string): SocksRead<never> {
  return { kind: "problem", reply, problem: words };
}

const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** Where the address begins, and how long it is; undefined where the bytes do not say yet or never will. */
function addressPlace(bytes: Uint8Array): { readonly from: number; readonly length: number } | undefined {
  const [, , , type, length] = bytes;
  if (type === addressTypes.ipv4) return { from: 4, length: 4 };
  if (type === addressTypes.ipv6) return { from: 4, length: 16 };
  return length === undefined ? undefined : { from: 5, length };
}

/** A name that is an address in text is judged as that address. */
function parseHost(type: number | undefined, bytes: Uint8Array): HostName | undefined {
  if (type === addressTypes.ipv4) return { kind: "address", address: { version: 4, bytes: [...bytes] } };
  if (type === addressTypes.ipv6) return { kind: "address", address: { version: 6, bytes: [...bytes] } };
  return parseHostName(Buffer.from(bytes).toString("latin1"));
}

/** What is wrong with its first four bytes, as far as they are there. */
function problemOf([first = version, command = 1, reserved = 0, type = 1]: Uint8Array): SocksRead<never> | undefined {
  if (first !== version) return problem("failed", "it is no SOCKS 5");
  if (command !== 1) return problem("commandNotSupported", "it is no CONNECT");
  if (reserved !== 0) return problem("failed", "a byte that is to be 0 is not");
  if (Object.values<number>(addressTypes).includes(type)) return undefined;
  return problem("addressNotSupported", "it names no address of a known kind");
}

/** The request, of at most 262 bytes. Undefined until all of it is there. */
export function parseSocksRequest(bytes: Uint8Array): SocksRead<Destination> | undefined {
  const wrong = problemOf(bytes);
  if (wrong !== undefined) return wrong;
  const type = bytes[3];
  if (type === undefined) return undefined;
  const place = addressPlace(bytes);
  if (place === undefined) return undefined;
  const end = place.from + place.length;
  if (bytes.length < end + 2) return undefined;
  const host = parseHost(type, bytes.subarray(place.from, end));
  const port = (bytes[end] ?? 0) * 256 + (bytes[end + 1] ?? 0);
  if (host === undefined || port === 0) return problem("failed", "it names no host and port");
  return { kind: "read", value: { host, port }, length: end + 2 };
}

/** A reply. The address that was connected from is nothing to the job: all zeros. */
export function renderSocksReply(reply: SocksReply): Uint8Array {
  return Uint8Array.of(version, socksReplies[reply], 0, addressTypes.ipv4, 0, 0, 0, 0, 0, 0);
}
