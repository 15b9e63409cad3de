/**
 * A connection that a job made to an address, knowing of no proxy: the courier says which it was. An address that stands
 * for a name is judged as that name; everything else is as it is with any proxy.
 */
import type { Socket } from "node:net";
import type { IpAddress } from "../../model/ip-address.ts";
import { connectDestination, type ConnectContext } from "./connect-destination.ts";
import { endWith } from "./end-with.ts";
import { judgeDestination } from "./judge-destination.ts";
import { readAhead } from "./read-ahead.ts";
import { serveNames } from "./serve-names.ts";
import { serveTunnel } from "./serve-tunnel.ts";

/** So long may the courier's words take to come. */
const wordsTimeoutMs = 10_000;

const [addressBytes, portBytes, namePort] = [16, 2, 53];

/** What the courier says of a query that came as a datagram: no connection has it. */
const datagramPort = 0;

/** ::ffff:0:0/96 (RFC 4291, section 2.5.5.2) */
const mappedBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The address as 16 bytes, IPv4 as the one that stands for it in IPv6, and the port. Undefined until all is there. Pure. */
export function parseMeant(bytes: Buffer): { value: { address: IpAddress; port: number }; length: number } | undefined {
  const length = addressBytes + portBytes;
  if (bytes.length < length) return undefined;
  const all = [...bytes.subarray(0, addressBytes)];
  const isMapped = mappedBytes.every((byte, index) => byte === all[index]);
  const address: IpAddress = isMapped
    ? { version: 4, bytes: all.slice(mappedBytes.length) }
    : { version: 6, bytes: all };
  return { value: { address, port: bytes.readUInt16BE(addressBytes) }, length };
}

/** Serves it; `rest` was read from it already. */
export async function serveDirect(socket: Socket, rest: Buffer, context: ConnectContext): Promise<void> {
  const read = await readAhead(socket, rest, parseMeant, wordsTimeoutMs);
  if (read === undefined) return void socket.destroy();
  const { address, port } = read.value;
  const destination = context.names.meantBy({ host: { kind: "address", address }, port });
  // Whichever server of names a program has in mind; but for one that is listed, and meant to be asked itself.
  const isForNames =
    port === datagramPort || (port === namePort && !judgeDestination(context.rules, destination).allowed);
  if (isForNames) return serveNames(socket, read.rest, context);
  const connection = await connectDestination(destination, context);
  // What the job said meanwhile is read: unread, it would have the connection reset or ended as it happens.
  if (connection.kind !== "connected") return endWith(socket, "");
  // To the job the connection has long been there: nothing of what it said came before it was, and is to be read again.
  const isOpened = context.injector?.find(destination) !== undefined;
  if (isOpened && read.rest.length > 0) socket.unshift(read.rest);
  await serveTunnel(
    { job: socket, rest: isOpened ? Buffer.alloc(0) : read.rest, host: connection.socket, destination },
    context,
    {
      accept: () => undefined,
      refuse: () => endWith(socket, ""),
    },
  );
}
