/** An HTTP proxy for one connection: a tunnel by CONNECT, or one request to `http://` in absolute form. */
import type { Socket } from "node:net";
import { connectDestination, type ConnectContext, type Connection } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { parseHttpRequest, type FindFields } from "./http-request.ts";
import { forwardRequest } from "./join-sockets.ts";
import { renderHost, type Destination } from "./judge-destination.ts";
import { readRequest, renderRefusal, type Refusal } from "./read-request.ts";
import { serveTunnel } from "./serve-tunnel.ts";

const established = "HTTP/1.1 200 Connection established\r\n\r\n";

function refusalOf(connection: Exclude<Connection, { kind: "connected" }>, { host, port }: Destination): Refusal {
  if (connection.kind === "denied") return { status: 403, words: connection.words };
  const status = connection.errno === "ETIMEDOUT" ? 504 : 502;
  return { status, words: `${renderHost(host)}:${port} cannot be reached (${connection.errno})` };
}

/** Serves it; `rest` was read from it already. */
export async function serveHttp(socket: Socket, rest: Buffer, context: ConnectContext): Promise<void> {
  const { injector } = context;
  const find: FindFields = (destination) => injector?.find(destination)?.fields ?? [];
  const read = await readRequest(socket, rest, (text) => parseHttpRequest(text, find), context);
  if (read === undefined) return;
  const { request } = read;
  const destination = context.names.meantBy(request.destination);
  const connection = await connectDestination(destination, context);
  if (connection.kind !== "connected")
    return endWith(socket, renderRefusal(refusalOf(connection, request.destination)));
  if (request.kind === "forward") return forwardRequest(socket, read.rest, connection.socket, request);
  await serveTunnel({ job: socket, rest: read.rest, host: connection.socket, destination }, context, {
    accept: () => socket.write(established),
    refuse: (words) => endWith(socket, renderRefusal({ status: 502, words })),
  });
}
