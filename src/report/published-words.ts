/** Published ports, in words. Pure. */
import { errnoName } from "../host/errno-name.ts";
import type { IpAddress } from "../model/ip-address.ts";
import { renderIpAddress } from "../model/ip-address.ts";
import type { PublishedPort } from "../model/job.ts";

/** An address and a port as clients write them. */
export function renderEndpoint(address: IpAddress, port: number): string {
  const text = renderIpAddress(address);
  return address.version === 6 ? `[${text}]:${port}` : `${text}:${port}`;
}

/** One of a plan: `127.0.0.1:8080 to its port 3000`. */
export function describePublished({ address, port, jobPort }: PublishedPort): string {
  const outside = port === 0 ? `a free port of ${renderIpAddress(address)}` : renderEndpoint(address, port);
  return `${outside} to its port ${jobPort}`;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there; take another, or 0 for any that is free",
  EACCES: "ports below 1024 are root's; take a higher one",
  EADDRNOTAVAIL: "that address is none of this host's; take 127.0.0.1",
};

/** Why one could not be published. */
export function describeUnpublished({ address, port }: PublishedPort, errno: number): string {
  const name = errnoName(errno);
  return `port ${port} of ${renderIpAddress(address)} cannot be published (${name}): ${reasons[name] ?? "take another"}`;
}
