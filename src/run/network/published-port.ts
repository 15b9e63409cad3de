/**
 * What leads from the host to the job: `8080:3000`, `127.0.0.2:8080:3000`, `[::1]:8080:3000`, `0:3000`. The host's side is
 * its loopback unless another address is stated. One grammar for flags and files. Pure.
 */
import { CupelError } from "../../model/error.ts";
import { parseIpAddress, type IpAddress } from "../../model/ip-address.ts";
import type { PublishedPort } from "../../model/job.ts";
import { parsePort } from "./host-name.ts";

const loopback: IpAddress = { version: 4, bytes: [127, 0, 0, 1] };

const shape = /^(?:(?:(?<ipv4>[0-9.]+)|\[(?<ipv6>[0-9A-Fa-f:.]+)\]):)?(?<port>\d+):(?<jobPort>\d+)$/;

/** In brackets an IPv6 address, without them an IPv4 one. */
function parseAddress(ipv4: string | undefined, ipv6: string | undefined): IpAddress | undefined {
  if (ipv4 === undefined && ipv6 === undefined) return loopback;
  const address = parseIpAddress(ipv4 ?? ipv6 ?? "");
  return address?.version === (ipv4 === undefined ? 6 : 4) ? address : undefined;
}

function nearest(text: string): string {
  const port = parsePort(text);
  return port === undefined ? "8080:3000" : `${port}:${port}`;
}

/** It is one. @throws CupelError `usage` that begins with `name`. */
export function parsePublishedPort(text: string, name: string): PublishedPort {
  const { ipv4, ipv6, port = "", jobPort = "" } = shape.exec(text)?.groups ?? {};
  const address = parseAddress(ipv4, ipv6);
  const [outside, inside] = [port === "0" ? 0 : parsePort(port), parsePort(jobPort)];
  if (address !== undefined && outside !== undefined && inside !== undefined)
    return { address, port: outside, jobPort: inside };
  const shown = JSON.stringify(text.slice(0, 100));
  throw new CupelError(
    "usage",
    `${name} ${shown} publishes no port: it takes a port of the host's (0: any that is free) and one of the job's, and an address of the host's before them if not its loopback; write ${nearest(text)}`,
  );
}
