/** Servers on the host's loopback that a job is let through to, or not. */
import { createServer, type AddressInfo, type Socket } from "node:net";

/** A server; gone when the test leaves its block. */
export interface LoopbackServer extends Disposable {
  readonly port: number;
}

/**
 * Serves files, by their paths, and anything else as a greeting. A request is read to its end first: a connection that is
 * closed with something unread in it is reset, and what was answered may be lost with it (RFC 9112, section 9.6).
 */
export function startFiles(files: Readonly<Record<string, Uint8Array | string>> = {}): LoopbackServer {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      await request.arrayBuffer();
      const { pathname } = new URL(request.url);
      const file = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
      return new Response(file ?? `${request.method} ${pathname}\n`);
    },
  });
  return { port: server.port ?? 0, [Symbol.dispose]: () => void server.stop(true) };
}

/** A server that counts what each connection brings until its end. */
export interface CountingServer extends LoopbackServer {
  /** Bytes of the first connection, once it has ended. */
  readonly received: Promise<number>;
}

/** Starts one that never answers. */
export async function startCounting(): Promise<CountingServer> {
  const { promise: received, resolve } = Promise.withResolvers<number>();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let count = 0;
    sockets.add(socket);
    socket.on("data", (chunk) => (count += chunk.length));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => resolve(count));
    socket.on("close", () => resolve(count));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    received,
    [Symbol.dispose]: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
