/** A ClientHello as a client writes it (RFC 8446), and as none does. */

/** What it says. */
export interface HelloParts {
  /** One extension each. */
  readonly serverNames?: readonly string[];
  /** How much of the message each record holds. */
  readonly recordBytes?: number;
  readonly type?: number;
}

function withLength(lengthBytes: number, bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

/** Type and content of an extension. */
export function extension(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0, type), withLength(2, content)]);
}

/** The content of server_name. */
export function serverNameList(name: string, type = 0): Buffer {
  return withLength(2, Buffer.concat([Buffer.of(type), withLength(2, Buffer.from(name))]));
}

/** A handshake message in records of this length. */
export function inRecords(message: Uint8Array, recordBytes = 2 ** 14): Buffer {
  const records: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += recordBytes)
    records.push(Buffer.of(22, 3, 1), withLength(2, message.subarray(at, at + recordBytes)));
  return Buffer.concat(records);
}

/** The message around these extensions; none at all where there are none. */
export function helloMessage(extensions: Uint8Array | undefined, type = 1): Buffer {
  const body = [
    Buffer.of(3, 3),
    Buffer.alloc(32, 7),
    withLength(1, Buffer.alloc(32)),
    withLength(2, Buffer.of(19, 1)),
    Buffer.of(1, 0),
  ];
  if (extensions !== undefined) body.push(withLength(2, extensions));
  return Buffer.concat([Buffer.of(type), withLength(3, Buffer.concat(body))]);
}

/** All of it. */
export function clientHello({ serverNames = [], recordBytes, type }: HelloParts = {}): Buffer {
  const extensions = [
    extension(10, Buffer.of(0, 2, 0, 29)),
    ...serverNames.map((name) => extension(0, serverNameList(name))),
  ];
  return inRecords(helloMessage(Buffer.concat(extensions), type), recordBytes);
}
