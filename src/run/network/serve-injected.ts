/**
 * One request of a job's, through a tunnel to a host that gets headers: taken out of the tunnel's encryption, read, and sent
 * on over a connection on which that host has shown who it is.
 */
import type { Socket } from "node:net";
import { errnoOf } from "../../host/errno-of.ts";
import type { ConnectContext } from "./connect-destination.ts";
import { parseTunnelledRequest } from "./http-request.ts";
import { acceptJob, type InjectedHost } from "./injector.ts";
import { admitHello } from "./guard-server-name.ts";
import { forwardRequest } from "./join-sockets.ts";
import { renderHost, type Destination } from "./judge-destination.ts";
import { readRequest } from "./read-request.ts";

/** A tunnel that was asked for, and the connection that was made for it. */
export interface InjectedTunnel {
  readonly job: Socket;
  /** What the job sent before it was answered. */
  readonly rest: Buffer;
  readonly host: Socket;
  readonly destination: Destination;
}

/** How the job is told in the proxy's own language. */
export interface TunnelAnswers {
  accept(): void;
  refuse(words: string): void;
}

async function serveOne(
  job: Socket,
  host: Socket,
  tunnel: InjectedTunnel,
  injected: InjectedHost,
  context: ConnectContext,
) {
  const parse = (text: string) => parseTunnelledRequest(text, tunnel.destination, injected.fields);
  const read = await readRequest(job, Buffer.alloc(0), parse, context);
  if (read === undefined || read.request.kind !== "forward") return void host.destroy();
  forwardRequest(job, read.rest, host, read.request);
}

/** Serves it. A host that is not what it should be gets nothing, and the job is told. */
export async function serveInjected(
  tunnel: InjectedTunnel,
  context: ConnectContext,
  answers: TunnelAnswers,
): Promise<void> {
  const { job, rest, host, destination } = tunnel;
  const injected = context.injector?.find(destination);
  if (context.injector === undefined || injected === undefined) return void host.destroy();
  const name = `${renderHost(destination.host)}:${destination.port}`;
  // Whoever speaks before the answer speaks no TLS.
  if (rest.length > 0) {
    host.destroy();
    return answers.refuse(`${name} is to be sent a secret, and something came for it before the tunnel was there`);
  }
  let secured: Socket;
  try {
    secured = await context.injector.encrypt(host, destination);
  } catch (error) {
    host.destroy();
    const kind = errnoOf(error);
    // It was cut off with everything else, and the job with it.
    if (context.isOver) return;
    const { host: named, port } = destination;
    context.denials.deny({ host: renderHost(named), port, reason: "host-not-proven", kind });
    return answers.refuse(`${name} is to be sent a secret, and did not prove to be that host (${kind})`);
  }
  answers.accept();
  if (!(await admitHello(job, destination, context))) return void secured.destroy();
  try {
    await serveOne(await acceptJob(job, injected), secured, tunnel, injected, context);
  } catch (error) {
    // The job did not trust the authority that it was given, or spoke something else: its own failure to tell.
    errnoOf(error);
    secured.destroy();
    job.destroy();
  }
}
