/**
 * Addresses that do not lie in the public Internet (IANA's registries of special-purpose addresses), or that stand for
 * another one. A name that is allowed leads to none of them: whoever owns the name could point it at this host's own
 * services, at its neighbours, or at the cloud's metadata. Pure.
 */
import { isInPrefix, parseIpAddress, type AddressPrefix, type IpAddress } from "../../model/ip-address.ts";

function prefix(text: string): AddressPrefix {
  const [address = "", bits = ""] = text.split("/");
  const parsed = parseIpAddress(address);
  if (parsed === undefined) throw new TypeError(`${text} is no prefix`);
  return { address: parsed, bits: Number(bits) };
}

/** From the narrowest to the widest, since the first that fits is said. */
const special: readonly (readonly [AddressPrefix, string])[] = (
  [
    ["169.254.169.254/32", "a cloud's metadata"],
    ["168.63.129.16/32", "a cloud's metadata"],
    ["100.100.100.200/32", "a cloud's metadata"],
    ["192.0.0.192/32", "a cloud's metadata"],
    ["0.0.0.0/8", "this host"],
    ["10.0.0.0/8", "a private network"],
    ["100.64.0.0/10", "a carrier's own network"],
    ["127.0.0.0/8", "this host's loopback"],
    ["169.254.0.0/16", "link-local"],
    ["172.16.0.0/12", "a private network"],
    ["192.0.0.0/24", "reserved"],
    ["192.0.2.0/24", "for documentation"],
    ["192.31.196.0/24", "reserved"],
    ["192.52.193.0/24", "reserved"],
    ["192.88.99.0/24", "reserved"],
    ["192.168.0.0/16", "a private network"],
    ["192.175.48.0/24", "reserved"],
    ["198.18.0.0/15", "for measurements"],
    ["198.51.100.0/24", "for documentation"],
    ["203.0.113.0/24", "for documentation"],
    ["224.0.0.0/4", "multicast"],
    ["240.0.0.0/4", "reserved"],
    ["fd00:ec2::254/128", "a cloud's metadata"],
    ["fd20:ce::254/128", "a cloud's metadata"],
    ["::/128", "this host"],
    ["::1/128", "this host's loopback"],
    ["::ffff:0:0/96", "an IPv4 address in another form"],
    ["::/96", "an IPv4 address in another form"],
    ["64:ff9b:1::/48", "a private network"],
    ["100::/64", "reserved"],
    ["2001::/23", "reserved"],
    ["2001:db8::/32", "for documentation"],
    ["2002::/16", "an IPv4 address in another form"],
    ["3fff::/20", "for documentation"],
    ["5f00::/16", "reserved"],
    ["fc00::/7", "a private network"],
    ["fe80::/10", "link-local"],
    ["fec0::/10", "a private network"],
    ["ff00::/8", "multicast"],
  ] as const
).map(([text, words]) => [prefix(text), words]);

/** What a translator to IPv4 answers with (RFC 6052): as special as the address that it stands for. */
const translated = prefix("64:ff9b::/96");

/** Everything that is handed out to the public Internet (IANA, IPv6 global unicast). */
const globalUnicast = prefix("2000::/3");

/** What kind of address it is, in words; undefined for one of the public Internet. */
export function specialKind(address: IpAddress): string | undefined {
  if (isInPrefix(address, translated)) return specialKind({ version: 4, bytes: address.bytes.slice(12) });
  const kind = special.find(([known]) => isInPrefix(address, known))?.[1];
  if (kind !== undefined) return kind;
  return address.version === 6 && !isInPrefix(address, globalUnicast) ? "reserved" : undefined;
}
