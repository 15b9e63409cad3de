/** The few kinds of values of ASN.1 that a certificate is made of, in DER (X.690). Pure. */

function encode(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const hexadecimal = length.toString(16);
  const digits = Buffer.from(hexadecimal.length % 2 === 0 ? hexadecimal : `0${hexadecimal}`, "hex");
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length), digits, content]);
}

/** In their order. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => encode(0x30, ...parts);

/** A set of one. */
export const setOf = (part: Uint8Array): Buffer => encode(0x31, part);

/** True: what is false is a default, and left out. */
export const isTrue: Buffer = encode(0x01, Buffer.of(0xff));

/** A positive number, its first digit not 0. */
export function integer(bytes: Uint8Array): Buffer {
  return encode(0x02, (bytes[0] ?? 0) < 0x80 ? Buffer.alloc(0) : Buffer.of(0), bytes);
}

/** Bytes. */
export const octets = (...parts: readonly Uint8Array[]): Buffer => encode(0x04, ...parts);

/** Bits, the last `unused` of which do not count. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => encode(0x03, Buffer.of(unused), bytes);

/** Text of Unicode. */
export const text = (value: string): Buffer => encode(0x0c, Buffer.from(value));

/** A value whose kind hangs on where it stands; `isMade`: it holds others. */
export function tagged(number: number, isMade: boolean, ...parts: readonly Uint8Array[]): Buffer {
  return encode(0x80 | (isMade ? 0x20 : 0) | number, ...parts);
}

function base128(number: number): number[] {
  const digits = [number & 0x7f];
  for (let rest = number >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

/** `2.5.29.17` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return encode(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Before 2050 with two digits for the year, and with four from then on (RFC 5280, section 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050 ? encode(0x17, Buffer.from(digits.slice(2))) : encode(0x18, Buffer.from(digits));
}
