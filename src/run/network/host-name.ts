/** What names a host: an address, or a name of letters, digits and hyphens. Nothing that programs read differently. Pure. */
import { parseIpAddress, type IpAddress } from "../../model/ip-address.ts";

/** A host that was named. */
export type HostName =
  | { readonly kind: "address"; readonly address: IpAddress }
  /** Lower-case, without a dot at its end. */
  | { readonly kind: "name"; readonly name: string };

/** RFC 1035, section 2.3.4: with the lengths and the root, 255 bytes on the wire. */
const nameLengthMax = 253;

/** RFC 1123, section 2.1. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What a resolver or a browser takes for a number, and the whole name for an address in some other way of writing. */
const numberLike = /^(?:\d+|0x[0-9a-f]*)$/;

/**
 * A name that can be looked up. International ones are taken in their own alphabet by nobody here, but as the ASCII that
 * they are looked up by (`xn--…`, RFC 5891).
 */
export function parseDomainName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  const labels = name.split(".");
  const isName = name.length <= nameLengthMax && labels.every((one) => label.test(one));
  return isName && !numberLike.test(labels.at(-1) ?? "") ? name : undefined;
}

/** The host; IPv6 in brackets, as in an authority (RFC 3986, section 3.2.2). Undefined for anything else. */
export function parseHostName(text: string): HostName | undefined {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\]$/.exec(text)?.[1];
  const address = bracketed === undefined ? undefined : parseIpAddress(bracketed);
  if (bracketed !== undefined) return address?.version === 6 ? { kind: "address", address } : undefined;
  const plain = parseIpAddress(text);
  if (plain !== undefined) return plain.version === 4 ? { kind: "address", address: plain } : undefined;
  const name = parseDomainName(text);
  return name === undefined ? undefined : { kind: "name", name };
}

/** `0` is no port that can be connected to. */
export function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^[1-9]\d{0,4}$/.test(text) && port <= 65_535 ? port : undefined;
}
