/** Talks to a proxy as the launcher's courier does, and to servers behind it. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Proxy } from "../../src/run/network/start-proxy.ts";

/** Answers a connection with what came until its end, between two words. */
export function echo(socket: Socket): void {
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  socket.on("end", () => socket.end(`<${Buffer.concat(received).toString("latin1")}>`));
  socket.on("error", () => socket.destroy());
}

/** Answers each request with its head, once it has come. */
export function answer(socket: Socket): void {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (end < 0 || text.length < end + 4 + length) return;
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${text}`);
  });
  socket.on("error", () => socket.destroy());
}

/** Starts a server on the loopback. */
export async function listen(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Its port. */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** A connection of the job's. */
export interface Client {
  readonly socket: Socket;
  /** All that came back, once the other side has ended. */
  readonly received: Promise<string>;
}

/** Talks to one of the proxy's services, as the courier does. */
export function open(proxy: Proxy, service: number, text: string | Uint8Array, isWhole = false): Client {
  const socket = connect({ path: proxy.path, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  const received = new Promise<string>((resolve) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
  socket.write(Uint8Array.of(service));
  socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  if (isWhole) socket.end();
  return { socket, received };
}

/** A head of these lines. */
export const head = (...lines: readonly string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
/** A request for a tunnel. */
export const tunnelTo = (host: string, port: number): string =>
  head(`CONNECT ${host}:${port} HTTP/1.1`, `Host: ${host}:${port}`);

/** The two messages of SOCKS for a name. */
export function socksTo(name: string, port: number): Buffer {
  const request = [5, 1, 0, 3, name.length, ...Buffer.from(name), port >> 8, port & 0xff];
  return Buffer.from([5, 1, 0, ...request]);
}
