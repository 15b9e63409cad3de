/**
 * Connects to a destination: looks its name up once, judges every address, and connects to the very address that was
 * judged. A name that means another address the next time it is asked (DNS rebinding) gains nothing by that.
 */
import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { errnoOf } from "../../host/errno-of.ts";
import type { Denials } from "./denials.ts";
import type { DestinationRule } from "./destination-rule.ts";
import { parseIpAddress, renderIpAddress, type IpAddress } from "../../model/ip-address.ts";
import type { Injector } from "./injector.ts";
import type { NamedAddresses } from "./named-addresses.ts";
import { judgeAddress, judgeDestination, renderHost, type Destination, type Judgement } from "./judge-destination.ts";

/** What became of it. */
export type Connection =
  | { readonly kind: "connected"; readonly socket: Socket }
  | { readonly kind: "denied"; readonly words: string }
  | { readonly kind: "failed"; readonly errno: string };

/** Addresses of a name, as the host looks them up. @throws an error with a code. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** What connecting needs to know. */
export interface ConnectContext {
  readonly rules: readonly DestinationRule[];
  readonly denials: Denials;
  readonly resolve: Resolve;
  /** Those that stand for names here. */
  readonly names: NamedAddresses;
  /** Puts headers into requests to some of the destinations. */
  readonly injector?: Injector | undefined;
  /** Those that are open: whoever ends the proxy ends them. */
  readonly hosts: Set<Socket>;
  /** These rules have counted: what they let through is nobody's any more. */
  isOver: boolean;
}

/** Of a name that has more, the first ones. */
const addressesMax = 8;
const connectTimeoutMs = 10_000;
const lookUpTimeoutMs = 15_000;

/** As every other program of the host does: /etc/hosts, then the configured servers. */
export const resolveOnHost: Resolve = async (name) => {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
};

/** Addresses of the host's own interfaces: what listens there may be meant for neighbours, or for nobody outside. */
function isOwnAddress(address: IpAddress): boolean {
  const text = renderIpAddress(address);
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some((one) => {
    const parsed = parseIpAddress(one.address.replace(/%.*$/, ""));
    return parsed !== undefined && renderIpAddress(parsed) === text;
  });
}

async function withinTime<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(Object.assign(new Error("too late"), { code: "ETIMEDOUT" })), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function addressesOf({ host }: Destination, resolve: Resolve): Promise<IpAddress[]> {
  if (host.kind === "address") return [host.address];
  const found = await withinTime(resolve(host.name), lookUpTimeoutMs);
  return found.slice(0, addressesMax).flatMap((text) => parseIpAddress(text) ?? []);
}

/** The runtime is given an address, so it looks nothing up again. */
function connectTo(address: IpAddress, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: renderIpAddress(address), port, allowHalfOpen: true });
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error("too late"), { code: "ETIMEDOUT" })),
    connectTimeoutMs,
  );
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    resolve(socket);
  });
  return promise.finally(() => clearTimeout(timer));
}

async function connectToFirst(addresses: readonly IpAddress[], port: number): Promise<Connection> {
  let errno = "ENOTFOUND";
  for (const address of addresses) {
    try {
      return { kind: "connected", socket: await connectTo(address, port) };
    } catch (error) {
      errno = errnoOf(error);
    }
  }
  return { kind: "failed", errno };
}

function deny(
  { host, port }: Destination,
  denial: Extract<Judgement, { allowed: false }>,
  { denials }: ConnectContext,
): Connection {
  const { reason, address, kind } = denial;
  const name = renderHost(host);
  denials.deny({ host: name, port, reason, address, kind });
  const led = address === undefined ? "" : ` leads to ${address} (${kind}), which`;
  return { kind: "denied", words: `${name}:${port}${led} is not among the destinations that this job may connect to` };
}

function keep(socket: Socket, { denials, hosts }: ConnectContext): void {
  denials.allow();
  hosts.add(socket);
  socket.once("close", () => hosts.delete(socket));
}

/** The connection, or why there is none. Denials are noted, failures are the network's own. */
export async function connectDestination(destination: Destination, context: ConnectContext): Promise<Connection> {
  const { rules, resolve } = context;
  const listed = judgeDestination(rules, destination);
  if (!listed.allowed) return deny(destination, listed, context);
  try {
    const judged = (await addressesOf(destination, resolve)).map((address) => ({
      address,
      judgement: judgeAddress(rules, address, destination.port, isOwnAddress),
    }));
    const allowed = judged.filter(({ judgement }) => judgement.allowed).map(({ address }) => address);
    const denied = judged.find(({ judgement }) => !judgement.allowed)?.judgement;
    if (allowed.length === 0 && denied?.allowed === false) return deny(destination, denied, context);
    const connection = await connectToFirst(allowed, destination.port);
    if (context.isOver && connection.kind === "connected") {
      connection.socket.destroy();
      return { kind: "failed", errno: "ECONNABORTED" };
    }
    if (connection.kind === "connected") keep(connection.socket, context);
    return connection;
  } catch (error) {
    return { kind: "failed", errno: errnoOf(error) };
  }
}
