/** Whether a connection was denied by the sandbox, and what would grant it. Pure but for the host's view. */
import { isIPv6 } from "node:net";
import { isInPrefix, parseIpAddress } from "../../model/ip-address.ts";
import type { Job } from "../../model/job.ts";
import { namedPrefix } from "../network/named-addresses.ts";
import type { Granting } from "./granting.ts";
import type { HostView } from "./host-view.ts";

const noWay = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EACCES", "EPERM"];

/** Whoever does not wait learns the end of a connection without a call that fails (connect(2), EINPROGRESS). */
const loopbackNotes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the host's loopback, not the job's own",
  EINPROGRESS:
    "the host's loopback, not the job's own: if nothing of the job's answered there, which the trace does not show",
};

/** A connection that failed. */
interface Attempted {
  readonly address: string;
  readonly port: number;
  readonly errno: string;
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** An address with its port, as --allow-host takes it. */
export function destinationText(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

const asksProxy = "a program that does not look at http_proxy needs --transparent-network";
const throughProxy = ["--env", "no_proxy=", "--env", "NO_PROXY="];

/** Where every address leads to the job's loopback, one of an unlisted port is refused there, and no proxy counts it. */
function judgeDirect({ address, port, errno }: Attempted, directPorts: readonly number[]): Granting | undefined {
  if (isLoopback(address) || directPorts.includes(port) || !["ECONNREFUSED", "EINPROGRESS"].includes(errno))
    return undefined;
  const parsed = parseIpAddress(address);
  if (parsed !== undefined && isInPrefix(parsed, namedPrefix))
    return { grant: ["--allow-host", `NAME:${port}`], note: "a name leads there that is listed with other ports" };
  const grant = ["--allow-host", destinationText(address, port)];
  return errno === "EINPROGRESS"
    ? { grant, note: "if nothing of the job's answered there, which the trace does not show" }
    : { grant };
}

/** What would grant it; undefined where nobody is there, or the sandbox is not what denied it. */
export function judgeDestination(
  { address, port, errno }: Attempted,
  { network, directPorts }: Pick<Job, "network" | "directPorts">,
  host: Pick<HostView, "isListening">,
): Granting | undefined {
  if (network === "host") return undefined;
  if (directPorts !== undefined) return judgeDirect({ address, port, errno }, directPorts);
  const grant = ["--allow-host", destinationText(address, port)];
  if (isLoopback(address)) {
    const note = host.isListening(port) ? loopbackNotes[errno] : undefined;
    return note === undefined ? undefined : { grant: [...grant, ...throughProxy], note };
  }
  return noWay.includes(errno) ? { grant, note: asksProxy } : undefined;
}

/** Of a job that wanted to know who answers for names: without a network of the host's there is nobody. */
export function judgeLookup({ network }: Pick<Job, "network">): Granting | undefined {
  if (network === "host") return undefined;
  if (network === "allow") return { note: `cupel's proxy looks names up; ${asksProxy}` };
  return { grant: ["--allow-host", "NAME"], note: `it was to look a name up; ${asksProxy}` };
}
