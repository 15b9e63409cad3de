/** What a process may do on the network that it is in: low ports, and pings without privileges. */
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, valueAt, type Reading } from "./_steps.ts";

/** CAP_NET_BIND_SERVICE (capabilities(7)). */
const bindCapability = 1n << 10n;

const firstPortPath = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/** ip(7), ip_unprivileged_port_start (Linux 4.11): the first port that anybody may bind. */
export function judgeLowPorts(reading: Reading, host: Host): Finding {
  const first = readLine(host, firstPortPath);
  const port = reading.steps.get("low-port")?.value ?? 80;
  const evidence = [
    ...evidenceOf({ ...reading, trouble: undefined }, { "low-port": `bind port ${port} on loopback, and close` }),
    { action: `read ${firstPortPath}`, result: lineOrErrno(first) },
  ];
  const value = first.ok && /^\d+$/.test(first.value) ? Number(first.value) : undefined;
  const errno = errnoAt(reading, "low-port");
  if (errno === undefined) return { ...notEstablished(reading, "bind"), evidence };
  if (errno === "ok") {
    const summary = `port ${port} can be bound${describeRight(reading, port, value)}`;
    return finding({ state: "works", level: "exercised", summary, evidence, value });
  }
  const isSetting = errno === "EACCES" && value !== undefined && value > port;
  const detail = isSetting
    ? `net.ipv4.ip_unprivileged_port_start is ${value}: lower ports are for privileged processes (EACCES)`
    : `port ${port} cannot be bound: ${errno}`;
  const blockers = [{ code: isSetting ? "sysctl" : "unknown", detail }] as const;
  return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers, value });
}

/** Says so where it is a capability that allows what the setting does not. */
function describeRight(reading: Reading, port: number, first: number | undefined): string {
  const capabilities = valueAt(reading, "network-capabilities");
  const hasRight = capabilities !== undefined && (BigInt(capabilities) & bindCapability) !== 0n;
  return hasRight && (first === undefined || first > port) ? ", by a capability" : "";
}

const groupsPath = "/proc/sys/net/ipv4/ping_group_range";

/** icmp(7), ping_group_range (Linux 3.0): whose group is in it may send echo requests. */
export function judgePing(reading: Reading, host: Host): Finding {
  const range = readLine(host, groupsPath);
  const evidence = [
    ...evidenceOf(reading, {
      "ping-socket": "make an ICMP datagram socket",
      "ping-sent": "send an echo request to this machine's loopback",
      "ping-answer": "receive the answer",
      "ping-died": "wait for it (the signal that ended that)",
    }),
    { action: `read ${groupsPath}`, result: lineOrErrno(range) },
  ];
  const made = errnoAt(reading, "ping-socket");
  if (made === undefined) return { ...notEstablished(reading, "an ICMP socket"), evidence };
  if (made === "EACCES") {
    const detail = `net.ipv4.ping_group_range is ${lineOrErrno(range)}, which leaves this user's groups out (EACCES)`;
    const blockers = [{ code: "sysctl", detail }] as const;
    return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
  }
  if (made !== "ok") {
    const isFiltered = made === "EPERM";
    const detail = isFiltered ? "a system call filter answers EPERM to an ICMP socket" : `no ICMP socket: ${made}`;
    const blockers = [{ code: isFiltered ? "seccomp" : "unknown", detail }] as const;
    return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
  }
  if (errnoAt(reading, "ping-answer") === "ok")
    return finding({ state: "works", level: "exercised", summary: "an echo request was answered", evidence });
  const summary = "a socket can be made, but this machine's loopback does not answer: it may be down or filtered";
  const blockers = [{ code: "unknown", detail: summary }] as const;
  return finding({ state: "degraded", level: "exercised", summary, evidence, blockers });
}
