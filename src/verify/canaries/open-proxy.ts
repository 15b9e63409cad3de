/** A proxy that lets everything through: what requests for others come to where nobody judges them. */
import { connect, createServer, type Socket } from "node:net";
import { listenOn, type TokenServer } from "./token-server.ts";

/** The host that a request says it is for, where it says so twice by the last; undefined for what is no request. */
function targetOf(request: string): { host: string; port: number } | undefined {
  const tunnelled = /^CONNECT (\S+) /.exec(request)?.[1];
  const named = [...request.matchAll(/^Host: *(\S+)\r$/gim)].at(-1)?.[1];
  const { host, port } = /^(?:.*@)?(?<host>.+):(?<port>\d{1,5})$/.exec(tunnelled ?? named ?? "")?.groups ?? {};
  return host === undefined ? undefined : { host: host.replaceAll(/[[\]]/g, ""), port: Number(port) };
}

function serve(socket: Socket): void {
  socket.once("data", (bytes) => {
    const target = targetOf(bytes.toString("latin1"));
    if (target === undefined) return void socket.end();
    const other = connect(target);
    other.on("error", () => socket.destroy());
    socket.on("close", () => other.destroy());
    other.pipe(socket);
  });
}

/** Starts one for HTTP on a port of 127.0.0.1. */
export function plantOpenProxy(): Promise<TokenServer> {
  return listenOn(createServer({ allowHalfOpen: true }), "127.0.0.1", serve);
}
