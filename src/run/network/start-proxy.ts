/**
 * The proxy of one job: it lives in cupel's own process, waits on a Unix socket in a directory that is cupel's alone, and
 * ends with the job. The launcher's courier brings it the job's connections, each behind a byte that says which of the
 * job's ports it was made to.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { errnoOf } from "../../host/errno-of.ts";
import { usePrivateDirectory } from "../../host/private-directory.ts";
import type { HelperPlaces } from "../../launch/start-launch.ts";
import { CupelError } from "../../model/error.ts";
import type { NetworkOutcome } from "../../model/denial.ts";
import { resolveOnHost, type ConnectContext, type Resolve } from "./connect-destination.ts";
import { Denials } from "./denials.ts";
import { parseDestinationRule } from "./destination-rule.ts";
import { serveHttp } from "./http-proxy.ts";
import type { Injector } from "./injector.ts";
import { readAhead } from "./read-ahead.ts";
import { NamedAddresses } from "./named-addresses.ts";
import { serveDirect } from "./serve-direct.ts";
import { serveSocks } from "./socks-proxy.ts";

/** A proxy that waits. */
export interface Proxy {
  /** Path of its socket; the launcher takes the name away, and holds what it stood for. */
  readonly path: string;
  /** Cuts off every connection, and lets through what is listed here from now on. */
  allowOnly(allow: readonly string[]): void;
  /** Ends it once what the job sent is on its way; gives what it was asked for. */
  close(): Promise<Omit<NetworkOutcome, "isCutOff">>;
}

/** Longest path of a Unix socket (unix(7)), in bytes, without the NUL. */
const socketPathMax = 107;

/** As many as the courier brings at once, and some for those that are about to end. */
const connectionsMax = 512;

/** So long may the courier's byte take to come. */
const firstByteTimeoutMs = 10_000;

/** So long may it take to send what the job left. */
const lastWordsMs = 2_000;

/** In the order of the ports in the launcher's instruction; the last is for all that take what was meant for others. */
const services = [serveHttp, serveSocks, serveDirect] as const;

function takeByte(bytes: Buffer): { value: number; length: number } | undefined {
  const [value] = bytes;
  return value === undefined ? undefined : { value, length: 1 };
}

async function serve(socket: Socket, context: ConnectContext): Promise<void> {
  socket.on("error", () => socket.destroy());
  const first = await readAhead(socket, Buffer.alloc(0), takeByte, firstByteTimeoutMs);
  const service = first === undefined ? undefined : services[first.value];
  if (first === undefined || service === undefined) return void socket.destroy();
  await service(socket, first.rest, context);
}

function listenAt(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(path, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

/** The first place that takes a socket: not every file system has them. @throws CupelError `set-up` where none does. */
async function listen(server: Server, { directories, uid }: HelperPlaces): Promise<string> {
  const reasons: string[] = [];
  for (const directory of directories) {
    const place = usePrivateDirectory(directory, uid);
    const path = `${directory}/proxy-${process.pid}-${randomBytes(4).toString("hex")}`;
    try {
      if (!place.ok) reasons.push(place.reason);
      else if (Buffer.byteLength(path) > socketPathMax) reasons.push(`${directory} is too long a path for a socket`);
      else return await listenAt(server, path).then(() => path);
    } catch (error) {
      reasons.push(`${path}: ${errnoOf(error)}`);
    }
  }
  throw new CupelError("set-up", `No place for the proxy's socket: ${reasons.join("; ")}`, {
    hint: "Set XDG_STATE_HOME to a directory of yours with a short path.",
  });
}

/** Once nothing is left of the job, only what it sent matters, and not what would still be answered. */
function endWhenSent(host: Socket): void {
  if (host.writableFinished) host.destroy();
  else host.once("finish", () => host.destroy());
}

/** Done when all of the job's have ended; those that have not by then are cut off. */
async function endAll(jobs: ReadonlySet<Socket>, hosts: ReadonlySet<Socket>): Promise<void> {
  const ended = [...jobs].map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())));
  hosts.forEach(endWhenSent);
  const timer = setTimeout(() => [...jobs, ...hosts].forEach((socket) => socket.destroy()), lastWordsMs);
  await Promise.all(ended);
  clearTimeout(timer);
}

/** What it does its work with. */
export interface ProxyMeans {
  readonly resolve?: Resolve | undefined;
  readonly injector?: Injector | undefined;
}

/** Starts it for these rules. @throws CupelError `set-up` where there is no place for its socket. */
export async function startProxy(
  allow: readonly string[],
  places: HelperPlaces,
  { resolve = resolveOnHost, injector }: ProxyMeans = {},
): Promise<Proxy> {
  const denials = new Denials();
  const names = new NamedAddresses();
  const contextOf = (texts: readonly string[]): ConnectContext => {
    const rules = texts.map((text) => parseDestinationRule(text, "--allow-host"));
    return { rules, denials, resolve, names, injector, hosts: new Set<Socket>(), isOver: false };
  };
  let context = contextOf(allow);
  const jobs = new Set<Socket>();
  const bugs: unknown[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    jobs.add(socket);
    socket.once("close", () => jobs.delete(socket));
    serve(socket, context).catch((error: unknown) => {
      bugs.push(error);
      socket.destroy();
    });
  });
  server.maxConnections = connectionsMax;
  const path = await listen(server, places);
  return {
    path,
    allowOnly: (others) => {
      context.isOver = true;
      [...jobs, ...context.hosts].forEach((socket) => socket.destroy());
      context = contextOf(others);
    },
    close: async () => {
      // Takes its socket away, too.
      server.close();
      await endAll(jobs, context.hosts);
      // Not before the job has ended: it is none of the job's.
      if (bugs.length > 0) throw bugs[0];
      return denials.read();
    },
  };
}
