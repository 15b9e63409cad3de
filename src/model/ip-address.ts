/**
 * Addresses of the Internet, read strictly: exactly four decimal numbers, or the text of RFC 4291 without a zone. What the C
 * library also takes (`0x7f.1`, `2130706433`, `127.1`) is none, so that one address has one way to be written. Pure.
 */

/** An address: 4 bytes, or 16. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly bytes: readonly number[];
}

const byteText = /^(?:0|[1-9]\d{0,2})$/;

function parseIpv4Bytes(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => byteText.test(part) && Number(part) <= 255)) return undefined;
  return parts.map(Number);
}

/** The 16-bit groups of one side of `::`, as bytes; the last may be an IPv4 address where `isEnd`. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes = groups.map((group, index) => {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }
    return isEnd && index === groups.length - 1 ? parseIpv4Bytes(group) : undefined;
  });
  return bytes.some((group) => group === undefined) ? undefined : bytes.flatMap((group) => group ?? []);
}

const ipv6Bytes = 16;

function parseIpv6Bytes(text: string): number[] | undefined {
  const [head = "", tail, ...rest] = text.split("::");
  if (rest.length > 0) return undefined;
  if (tail === undefined) {
    const whole = parseGroups(head, true);
    return whole?.length === ipv6Bytes ? whole : undefined;
  }
  const [first, last] = [parseGroups(head, false), parseGroups(tail, true)];
  if (first === undefined || last === undefined || first.length + last.length > ipv6Bytes - 2) return undefined;
  return [...first, ...Array.from({ length: ipv6Bytes - first.length - last.length }, () => 0), ...last];
}

/** The address; IPv6 without brackets. Undefined for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bytes = text.includes(":") ? parseIpv6Bytes(text) : parseIpv4Bytes(text);
  return bytes === undefined ? undefined : { version: bytes.length === 4 ? 4 : 6, bytes };
}

/** Where the longest run of zero groups begins and how long it is; of runs alike, the first (RFC 5952). */
function longestZeros(groups: readonly number[]): { readonly at: number; readonly count: number } {
  let longest = { at: 0, count: 0 };
  let count = 0;
  groups.forEach((group, index) => {
    count = group === 0 ? count + 1 : 0;
    if (count > longest.count) longest = { at: index - count + 1, count };
  });
  return longest;
}

/** The address as text: dotted, or as RFC 5952 has it. */
export function renderIpAddress({ version, bytes }: IpAddress): string {
  if (version === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  const words = groups.map((group) => group.toString(16));
  const { at, count } = longestZeros(groups);
  if (count < 2) return words.join(":");
  return `${words.slice(0, at).join(":")}::${words.slice(at + count).join(":")}`;
}

/** Addresses that begin with the same bits. */
export interface AddressPrefix {
  readonly address: IpAddress;
  readonly bits: number;
}

/** The address with all bits behind the first `bits` cleared. */
export function maskAddress({ version, bytes }: IpAddress, bits: number): IpAddress {
  const masked = bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - 8 * index));
    return byte & (0xff00 >> kept) & 0xff;
  });
  return { version, bytes: masked };
}

/** Whether the address begins as the prefix does. */
export function isInPrefix(address: IpAddress, prefix: AddressPrefix): boolean {
  if (address.version !== prefix.address.version) return false;
  const masked = maskAddress(address, prefix.bits).bytes;
  const own = maskAddress(prefix.address, prefix.bits).bytes;
  return masked.every((byte, index) => byte === own[index]);
}
