/** Jobs that publish ports, and clients of the host's that connect to them. */
import { connect, createServer, type AddressInfo } from "node:net";
import type { Running } from "./execute.ts";
import type { InstalledCupel } from "./run-cli.ts";
import type { Caller } from "./tester.ts";
import { until } from "./until.ts";

/** Answers each connection with what came until its end, between two words, and says when it is there. */
export const echoing = `use IO::Socket::INET; $SIG{CHLD} = "IGNORE"; $l = IO::Socket::INET->new(Listen => 400, LocalAddr => "127.0.0.1", LocalPort => 3000) or die $!; $| = 1; print "ready\\n"; while (1) { $c = $l->accept or next; if (fork) { close $c; next } local $/; $in = <$c>; print $c "<$in>"; $c->flush; exit 0 }`;

/** Starts a job with one port that any free one of the host's leads to, and waits until it is `ready`. */
export async function startPublished(
  cupel: InstalledCupel,
  caller: Caller,
  command: readonly string[],
  flags: readonly string[] = [],
): Promise<Running & { readonly port: number }> {
  const running = cupel.start(caller, [
    "run",
    "--workspace",
    "none",
    "--publish",
    "0:3000",
    ...flags,
    "--",
    ...command,
  ]);
  await running.wrote("ready");
  const port = await until("it says its port", () => /127\.0\.0\.1:(\d+) leads to/.exec(running.stderr())?.[1]);
  return Object.assign(running, { port: Number(port) });
}

/** What a connection comes to: all that was received, and the errno with which it broke, if it did. */
export interface Received {
  readonly bytes: Buffer;
  readonly errno: string | undefined;
}

/** Connects, sends, says that this is all, and reads to the end. */
export function talk(port: number, text: string | Uint8Array, host = "127.0.0.1"): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<Received>();
  const chunks: Buffer[] = [];
  let errno: string | undefined;
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", (error: NodeJS.ErrnoException) => (errno = error.code));
  socket.on("close", () => resolve({ bytes: Buffer.concat(chunks), errno }));
  socket.on("end", () => socket.destroySoon());
  socket.end(text);
  return promise;
}

/** A port of the host's that is taken. */
export async function takePort(): Promise<Disposable & { readonly port: number }> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}
