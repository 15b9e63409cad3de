/** Queries for names, as programs send them (RFC 1035, section 4). */

/** A message for this name, of type A (1), AAAA (28) or another. */
export function nameQuery(name: string, type = 1): Buffer {
  const labels = name === "" ? [] : name.split(".");
  const words = labels.flatMap((label) => [label.length, ...Buffer.from(label, "latin1")]);
  return Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...words, 0, type >> 8, type & 0xff, 0, 1]);
}

/** It with its length in front, as it goes over a connection. */
export function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);
}
