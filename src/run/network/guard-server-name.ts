/** A tunnel to a name: what goes through it must not ask, in TLS, for another server than was judged. */
import type { Socket } from "node:net";
import { parseClientHello, type FirstBytes } from "./client-hello.ts";
import type { ConnectContext } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { joinSockets, shareFate } from "./join-sockets.ts";
import type { Destination } from "./judge-destination.ts";
import { readAhead } from "./read-ahead.ts";

/** What is wrong with them, for a tunnel to this name; undefined where nothing is. Pure. */
export function objectionTo(first: FirstBytes, name: string): string | undefined {
  if (first.kind === "other") return undefined;
  if (first.kind === "problem") return `no ClientHello: ${first.problem}`;
  const { serverName } = first;
  if (serverName === name) return undefined;
  if (serverName !== undefined) return `TLS asks for ${serverName}`;
  // Some clients name no server of one label (`localhost`), and nobody hosts others behind such a name.
  return name.includes(".") ? "TLS asks for no server" : undefined;
}

/** Whether what a job says first in a tunnel to this destination is for it; a denial is noted. */
function admits(first: FirstBytes, { host, port }: Destination, { denials }: Pick<ConnectContext, "denials">): boolean {
  const kind = host.kind === "name" ? objectionTo(first, host.name) : undefined;
  if (host.kind === "name" && kind !== undefined) denials.deny({ host: host.name, port, reason: "sni", kind });
  return kind === undefined;
}

/** A fatal alert, unrecognized_name (RFC 6066, section 3): clients have words for it. */
const unrecognizedName = Uint8Array.of(21, 3, 1, 0, 2, 2, 112);

/** What of the job's first bytes is not yet passed on. What the other side says meanwhile comes through. */
function holdFirstBytes(job: Socket, rest: Buffer, host: Socket, judge: (first: FirstBytes) => boolean): void {
  let held = rest;
  const stop = (): void => {
    job.off("data", take);
    job.off("end", end);
    job.pause();
  };
  const decide = (): void => {
    const first = held.length === 0 ? undefined : parseClientHello(held);
    if (first === undefined) return;
    stop();
    if (judge(first)) {
      host.write(held);
      return void job.pipe(host);
    }
    host.unpipe(job);
    job.once("close", () => host.destroy());
    endWith(job, unrecognizedName);
  };
  const take = (chunk: Buffer): void => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    decide();
  };
  // Half of a hello is nobody's.
  const end = (): void => void host.end();
  shareFate(job, host);
  job.on("data", take);
  job.on("end", end);
  host.pipe(job);
  job.resume();
  decide();
  if (job.readableEnded) end();
}

/** Joins a job with the destination that it was connected to; `rest` came from the job already. */
export function joinTunnel(
  job: Socket,
  rest: Buffer,
  host: Socket,
  destination: Destination,
  context: Pick<ConnectContext, "denials">,
): void {
  if (destination.host.kind === "address") return joinSockets(job, rest, host);
  holdFirstBytes(job, rest, host, (first) => admits(first, destination, context));
}

/** So long may a hello take to come where the tunnel ends here. */
const helloTimeoutMs = 15_000;

function readFirst(bytes: Buffer): { value: FirstBytes; length: number } | undefined {
  const first = bytes.length === 0 ? undefined : parseClientHello(bytes);
  return first === undefined ? undefined : { value: first, length: 0 };
}

/** Waits for what the job says first in a tunnel that ends here, and leaves it there. False where the job was turned away. */
export async function admitHello(
  job: Socket,
  destination: Destination,
  context: Pick<ConnectContext, "denials">,
): Promise<boolean> {
  const read = await readAhead(job, Buffer.alloc(0), readFirst, helloTimeoutMs);
  if (read === undefined) {
    job.destroy();
    return false;
  }
  if (!admits(read.value, destination, context)) {
    endWith(job, unrecognizedName);
    return false;
  }
  job.unshift(read.rest);
  return true;
}
