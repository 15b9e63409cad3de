/** Reads the head of a request, and answers one that cannot be carried out. */
import type { Socket } from "node:net";
import type { ConnectContext } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { findHead, type HttpProblem, type HttpRequest } from "./http-request.ts";
import { readAhead } from "./read-ahead.ts";

/** So long may the head of a request take to come. */
const requestTimeoutMs = 30_000;

/** An answer that is none of a host's. */
export interface Refusal {
  readonly status: number;
  readonly words: string;
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
  502: "Bad Gateway",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

/** It as it is sent. */
export function renderRefusal({ status, words }: Refusal): string {
  const text = `cupel: ${words}\n`;
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? ""}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

/** What a head is, one byte a character. */
type ParseHead = (text: string) => HttpRequest | HttpProblem;

function whole(parse: ParseHead) {
  return (bytes: Buffer): { value: HttpRequest | HttpProblem; length: number } | undefined => {
    const head = findHead(bytes);
    if (head === undefined) return undefined;
    if ("problem" in head) return { value: head, length: 0 };
    return { value: parse(bytes.toString("latin1", 0, head.length)), length: head.length };
  };
}

/** The request, and what came behind its head; undefined where there is none, and the job was told why. */
export async function readRequest(
  socket: Socket,
  before: Buffer,
  parse: ParseHead,
  { denials }: ConnectContext,
): Promise<{ readonly request: HttpRequest; readonly rest: Buffer } | undefined> {
  const read = await readAhead(socket, before, whole(parse), requestTimeoutMs);
  if (read === undefined) return void socket.destroy();
  const { value: request, rest } = read;
  if (request.kind !== "problem") return { request, rest };
  denials.deny({ host: "", port: 0, reason: "malformed", kind: request.problem });
  endWith(socket, renderRefusal({ status: request.status, words: request.problem }));
  return undefined;
}
