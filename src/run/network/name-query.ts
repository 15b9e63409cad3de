/**
 * Queries for names (RFC 1035, section 4), as far as a resolver answers them that knows no more than which names are
 * listed: one question, in one way of writing. Pure.
 */
import type { IpAddress } from "../../model/ip-address.ts";
import { parseDomainName } from "./host-name.ts";

/** A query that can be answered. */
export interface NameQuery {
  readonly id: number;
  /** Lower-case; undefined where it is none that {@link parseDomainName} takes. */
  readonly name: string | undefined;
  /** `other`: of another type, or not of the Internet. */
  readonly wants: "ipv4" | "ipv6" | "other";
  readonly isRecursive: boolean;
  /** As it came, to be repeated in the answer. */
  readonly question: Uint8Array;
}

/** What is answered; without an address there is none of the kind that was asked for. */
export type NameAnswer =
  { readonly kind: "found"; readonly address?: IpAddress | undefined } | { readonly kind: "no-such-name" | "refused" };

const headerBytes = 12;
const labelBytesMax = 63;
/** RFC 1035, section 2.3.4. */
const nameBytesMax = 255;

interface Question {
  readonly labels: readonly string[];
  readonly type: number;
  readonly class: number;
  readonly bytes: Uint8Array;
}

/** The question behind the header; undefined for what points elsewhere, is longer than a name, or is not whole. */
function readQuestion(message: Uint8Array): Question | undefined {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = message[at]; length !== 0; length = message[at]) {
    if (length === undefined || length > labelBytesMax) return undefined;
    labels.push(Buffer.from(message.subarray(at + 1, at + 1 + length)).toString("latin1"));
    at += 1 + length;
  }
  const end = at + 5;
  if (message.length < end || at + 1 - headerBytes > nameBytesMax) return undefined;
  const view = new DataView(message.buffer, message.byteOffset + at + 1, 4);
  return { labels, type: view.getUint16(0), class: view.getUint16(2), bytes: message.slice(headerBytes, end) };
}

const typeNames: Readonly<Record<number, "ipv4" | "ipv6">> = { 1: "ipv4", 28: "ipv6" };
const internet = 1;

/** Bits of the third byte: an answer, another operation than a query, cut off. */
const notQueryBits = 0x80 | 0x78 | 0x02;
const recursionWished = 0x01;

/** A whole message, without the length in front of it. Undefined for what is no query, or asks for several names at once. */
export function parseNameQuery(message: Uint8Array): NameQuery | undefined {
  if (message.length < headerBytes) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, headerBytes);
  const flags = view.getUint8(2);
  const [questions, answers, authorities] = [view.getUint16(4), view.getUint16(6), view.getUint16(8)];
  if ((flags & notQueryBits) !== 0 || questions !== 1 || answers + authorities !== 0) return undefined;
  const question = readQuestion(message);
  if (question === undefined) return undefined;
  const isPlain = question.labels.every((label) => !label.includes("."));
  return {
    id: view.getUint16(0),
    name: isPlain ? parseDomainName(question.labels.join(".")) : undefined,
    wants: (question.class === internet ? typeNames[question.type] : undefined) ?? "other",
    isRecursive: (flags & recursionWished) !== 0,
    question: question.bytes,
  };
}

/** RFC 1035, section 4.1.1. */
const codes = { found: 0, "no-such-name": 3, refused: 5 } as const;

/** So long may a program keep what it was told, in seconds: a job's names keep their addresses. */
const keptS = 60;

/** An A or AAAA record (RFC 1035, section 4.1.3) for the name at the beginning of the question. */
function renderRecord(address: IpAddress): Uint8Array {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | headerBytes, 0);
  head.writeUInt16BE(address.version === 4 ? 1 : 28, 2);
  head.writeUInt16BE(internet, 4);
  head.writeUInt32BE(keptS, 6);
  head.writeUInt16BE(address.bytes.length, 10);
  return Buffer.concat([head, Uint8Array.from(address.bytes)]);
}

/** The answer, with its length in front of it, as it goes over a connection (RFC 1035, section 4.2.2). */
export function renderNameAnswer({ id, isRecursive, question }: NameQuery, answer: NameAnswer): Uint8Array {
  const address = answer.kind === "found" ? answer.address : undefined;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt8(0x80 | (isRecursive ? recursionWished : 0), 2);
  header.writeUInt8(0x80 | codes[answer.kind], 3);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  const message = Buffer.concat([header, question, ...(address === undefined ? [] : [renderRecord(address)])]);
  return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]);
}
