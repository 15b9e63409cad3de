/** Whether a job may connect to a destination: before its name is looked up, and of each address that it has. Pure. */
import type { Denial } from "../../model/denial.ts";
import type { DestinationRule, RulePorts } from "./destination-rule.ts";
import type { HostName } from "./host-name.ts";
import { isInPrefix, renderIpAddress, type IpAddress } from "../../model/ip-address.ts";
import { specialKind } from "./special-address.ts";

/** What a job asks to be connected to. */
export interface Destination {
  readonly host: HostName;
  readonly port: number;
}

/** A decision. */
export type Judgement =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly reason: Denial["reason"];
      /** The address that is the reason, and what is special about it, where a name led there. */
      readonly address?: string | undefined;
      readonly kind?: string | undefined;
    };

function hasPort(ports: RulePorts, port: number): boolean {
  return ports === "any" || ports.includes(port);
}

function isNamed(rule: DestinationRule, host: HostName): boolean {
  if (rule.kind === "addresses") return host.kind === "address" && isInPrefix(host.address, rule.prefix);
  if (host.kind === "address") return false;
  return rule.hasSubdomains ? host.name.endsWith(`.${rule.name}`) : host.name === rule.name;
}

/** Whether it is listed. A name's addresses are still to be judged. */
export function judgeDestination(rules: readonly DestinationRule[], { host, port }: Destination): Judgement {
  const named = rules.filter((rule) => isNamed(rule, host));
  if (named.some(({ ports }) => hasPort(ports, port))) return { allowed: true };
  return { allowed: false, reason: named.length > 0 ? "port-not-listed" : "host-not-listed" };
}

/** Of an address that an allowed name has: one that is not public, or is this host's own, has to be listed itself. */
export function judgeAddress(
  rules: readonly DestinationRule[],
  address: IpAddress,
  port: number,
  isOwn: (address: IpAddress) => boolean,
): Judgement {
  const listed = judgeDestination(rules, { host: { kind: "address", address }, port });
  if (listed.allowed) return listed;
  const kind = specialKind(address) ?? (isOwn(address) ? "this host's own" : undefined);
  if (kind === undefined) return { allowed: true };
  return { allowed: false, reason: "address-not-listed", address: renderIpAddress(address), kind };
}

/** The host as an authority has it (RFC 3986): IPv6 in brackets. */
export function renderHost(host: HostName): string {
  if (host.kind === "name") return host.name;
  const text = renderIpAddress(host.address);
  return host.address.version === 6 ? `[${text}]` : text;
}
