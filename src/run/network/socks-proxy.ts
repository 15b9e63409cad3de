/** A SOCKS 5 proxy for one connection (RFC 1928). */
import type { Socket } from "node:net";
import { connectDestination, type ConnectContext, type Connection } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { readAhead } from "./read-ahead.ts";
import { serveTunnel } from "./serve-tunnel.ts";
import {
  parseSocksGreeting,
  parseSocksRequest,
  renderSocksReply,
  type SocksRead,
  type SocksReply,
} from "./socks-request.ts";

/** So long may each of the two messages take to come. */
const requestTimeoutMs = 30_000;

const noAuthentication = Uint8Array.of(5, 0);
const noAcceptableMethod = Uint8Array.of(5, 0xff);

function whole<Value>(parse: (bytes: Uint8Array) => SocksRead<Value> | undefined) {
  return (bytes: Buffer): { value: SocksRead<Value>; length: number } | undefined => {
    const read = parse(bytes);
    return read === undefined ? undefined : { value: read, length: read.kind === "read" ? read.length : 0 };
  };
}

function replyOf(connection: Exclude<Connection, { kind: "connected" }>): SocksReply {
  if (connection.kind === "denied") return "notAllowed";
  return connection.errno === "ECONNREFUSED" ? "refused" : "hostUnreachable";
}

/** Serves it; `rest` was read from it already. */
export async function serveSocks(socket: Socket, rest: Buffer, context: ConnectContext): Promise<void> {
  const malformed = (read: { reply: SocksReply; problem: string }): void => {
    context.denials.deny({ host: "", port: 0, reason: "malformed", kind: read.problem });
    endWith(socket, renderSocksReply(read.reply));
  };
  const greeting = await readAhead(socket, rest, whole(parseSocksGreeting), requestTimeoutMs);
  if (greeting === undefined) return void socket.destroy();
  if (greeting.value.kind === "problem") return malformed(greeting.value);
  if (!greeting.value.value.isOpen) return endWith(socket, noAcceptableMethod);
  socket.write(noAuthentication);
  const request = await readAhead(socket, greeting.rest, whole(parseSocksRequest), requestTimeoutMs);
  if (request === undefined) return void socket.destroy();
  if (request.value.kind === "problem") return malformed(request.value);
  const destination = context.names.meantBy(request.value.value);
  const connection = await connectDestination(destination, context);
  if (connection.kind !== "connected") return endWith(socket, renderSocksReply(replyOf(connection)));
  await serveTunnel({ job: socket, rest: request.rest, host: connection.socket, destination }, context, {
    accept: () => socket.write(renderSocksReply("succeeded")),
    refuse: () => endWith(socket, renderSocksReply("hostUnreachable")),
  });
}
