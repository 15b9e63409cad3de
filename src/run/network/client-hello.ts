/**
 * The first bytes of a tunnel: whether TLS begins there, and which server it then names (RFC 8446, sections 4.1.2 and 5.1;
 * RFC 6066, section 3). Read strictly: what two readers could take for two names is a problem. Pure.
 */
import { parseDomainName } from "./host-name.ts";

/** What they are. */
export type FirstBytes =
  /** No TLS. */
  | { readonly kind: "other" }
  /** Its server name in lower case; absent where there is none. */
  | { readonly kind: "hello"; readonly serverName?: string | undefined }
  | { readonly kind: "problem"; readonly problem: string };

/** Longest ClientHello, its header included: those of today have up to 2 KiB. */
const helloBytesMax = 32_768;

const recordHeaderBytes = 5;
/** Longest content of a record that is not encrypted. */
const recordBytesMax = 2 ** 14;
/** change_cipher_spec to heartbeat. */
const [firstContentType, handshakeType, lastContentType] = [20, 22, 24];
const majorVersion = 3;

class Malformed extends Error {}

/** Reads what lies in a message; what is not there, or left over, is malformed. */
class MessageReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isDone(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(byteCount: number): number {
    return this.take(byteCount).reduce((value, byte) => value * 256 + byte, 0);
  }

  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Malformed("it is shorter than it says");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A vector behind its length. */
  vector(lengthBytes: number): Uint8Array {
    return this.take(this.number(lengthBytes));
  }

  end(): void {
    if (!this.isDone) throw new Malformed("it is longer than it says");
  }
}

const hostNameType = 0;

/** Exactly one, of the one type that there is. */
function readServerName(extension: Uint8Array): string {
  const outer = new MessageReader(extension);
  const list = new MessageReader(outer.vector(2));
  outer.end();
  if (list.number(1) !== hostNameType) throw new Malformed("its server name is of an unknown type");
  const bytes = list.vector(2);
  list.end();
  const name = parseDomainName(Buffer.from(bytes).toString("latin1"));
  if (name === undefined) throw new Malformed("its server name is no name");
  return name;
}

const serverNameExtension = 0;

function readExtensions(bytes: Uint8Array): string | undefined {
  const reader = new MessageReader(bytes);
  let serverName: string | undefined;
  while (!reader.isDone) {
    const type = reader.number(2);
    const extension = reader.vector(2);
    if (type !== serverNameExtension) continue;
    if (serverName !== undefined) throw new Malformed("it names servers twice");
    serverName = readServerName(extension);
  }
  return serverName;
}

const randomBytes = 32;

function readHello(body: Uint8Array): FirstBytes {
  const reader = new MessageReader(body);
  if (reader.number(2) >> 8 !== majorVersion) throw new Malformed("its version is unknown");
  reader.take(randomBytes);
  reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  if (reader.isDone) return { kind: "hello" };
  const serverName = readExtensions(reader.vector(2));
  reader.end();
  return { kind: "hello", serverName };
}

/** What each record holds, as far as it is there. */
function* contentsOfRecords(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + recordHeaderBytes <= bytes.length;) {
    const [type, major, , high = 0, low = 0] = bytes.subarray(at, at + recordHeaderBytes);
    const length = high * 256 + low;
    if (type !== handshakeType || major !== majorVersion) throw new Malformed("something else comes before its end");
    if (length === 0 || length > recordBytesMax) throw new Malformed("a record of it has a length that none can have");
    at += recordHeaderBytes;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const clientHelloType = 1;
const messageHeaderBytes = 4;

/** How long the message is that begins so, with its header; undefined where that is not there yet. */
function messageLength(bytes: Uint8Array): number | undefined {
  const [type] = bytes;
  if (type !== undefined && type !== clientHelloType) throw new Malformed("it is another message");
  if (bytes.length < messageHeaderBytes) return undefined;
  const length = messageHeaderBytes + new MessageReader(bytes.subarray(1)).number(3);
  if (length > helloBytesMax) throw new Malformed("it is too long");
  return length;
}

function readFirstMessage(bytes: Uint8Array): FirstBytes | undefined {
  const parts: Uint8Array[] = [];
  let count = 0;
  let length: number | undefined;
  for (const part of contentsOfRecords(bytes)) {
    parts.push(part);
    count += part.length;
    length ??= messageLength(Buffer.concat(parts));
    if (length !== undefined && count >= length)
      return readHello(Buffer.concat(parts).subarray(messageHeaderBytes, length));
  }
  return undefined;
}

/** A hello in the form of SSL 2, which can name no server (RFC 5246, appendix E.2). */
function isOldHello([first = 0, , type, major]: Uint8Array): boolean {
  return first >= 0x80 && type === clientHelloType && major === majorVersion;
}

/** Whether they can still be TLS, or are. */
function mayBeTls([type = 0, major = majorVersion]: Uint8Array): boolean {
  return type >= firstContentType && type <= lastContentType && major === majorVersion;
}

/** Of at least one byte. Undefined where more are needed to tell; never more than a record beyond the longest hello. */
export function parseClientHello(bytes: Uint8Array): FirstBytes | undefined {
  if (isOldHello(bytes)) return { kind: "problem", problem: "it has the form of SSL 2" };
  if (!mayBeTls(bytes)) return { kind: "other" };
  if (bytes.length < 2) return undefined;
  try {
    return readFirstMessage(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { kind: "problem", problem: error.message };
  }
}
