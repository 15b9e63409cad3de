/** An HTTP proxy for one connection: a tunnel by CONNECT, or one request to `http://` in absolute form. */
import type { Socket } from "node:net";
import { connectDestination, type ConnectContext, type Connection } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { findHead, parseHttpRequest, type HttpProblem, type HttpRequest } from "./http-request.ts";
import { joinTunnel } from "./guard-server-name.ts";
import { forwardRequest } from "./join-sockets.ts";
import { renderHost, type Destination } from "./judge-destination.ts";
import { readAhead } from "./read-ahead.ts";

/** So long may the head of a request take to come. */
const requestTimeoutMs = 30_000;

type Refusal = { readonly status: number; readonly words: string };

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
  502: "Bad Gateway",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

function renderRefusal({ status, words }: Refusal): string {
  const text = `cupel: ${words}\n`;
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? ""}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

function parseHead(bytes: Buffer): { value: HttpRequest | HttpProblem; length: number } | undefined {
  const head = findHead(bytes);
  if (head === undefined) return undefined;
  if ("problem" in head) return { value: head, length: 0 };
  return { value: parseHttpRequest(bytes.toString("latin1", 0, head.length)), length: head.length };
}

function refusalOf(connection: Exclude<Connection, { kind: "connected" }>, { host, port }: Destination): Refusal {
  if (connection.kind === "denied") return { status: 403, words: connection.words };
  const status = connection.errno === "ETIMEDOUT" ? 504 : 502;
  return { status, words: `${renderHost(host)}:${port} cannot be reached (${connection.errno})` };
}

/** Serves it; `rest` was read from it already. */
export async function serveHttp(socket: Socket, rest: Buffer, context: ConnectContext): Promise<void> {
  const read = await readAhead(socket, rest, parseHead, requestTimeoutMs);
  if (read === undefined) return void socket.destroy();
  const { value: request } = read;
  if (request.kind === "problem") {
    context.denials.deny({ host: "", port: 0, reason: "malformed", kind: request.problem });
    return endWith(socket, renderRefusal({ status: request.status, words: request.problem }));
  }
  const connection = await connectDestination(request.destination, context);
  if (connection.kind !== "connected")
    return endWith(socket, renderRefusal(refusalOf(connection, request.destination)));
  if (request.kind === "forward") return forwardRequest(socket, read.rest, connection.socket, request);
  socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
  joinTunnel(socket, read.rest, connection.socket, request.destination, context);
}
