/** A server of this process's that speaks first: whoever connects has what it says. */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** One that listens, until it is closed. */
export interface TokenServer {
  readonly port: number;
  close(): void;
}

/** Has `server` listen, at one address or at all, and serve each connection. @throws the runtime's error. */
export async function listenOn(
  server: Server,
  address: string | undefined,
  serve: (socket: Socket) => void,
): Promise<TokenServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    serve(socket);
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ port: 0, host: address }, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Says the token as an answer of HTTP (RFC 9112), to whatever it is asked. @throws the runtime's error. */
export function plantTokenServer(token: string, address?: string): Promise<TokenServer> {
  return listenOn(createServer(), address, (socket) => {
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${token}\n`);
    socket.resume();
  });
}
