/** The network that a job gets: cut off from the host's, with a loopback of its own, and what can be built in it. */
import { onLinux } from "./_elsewhere.ts";
import { isUsableAsIs } from "./_modules.ts";
import { judgeLowPorts, judgePing } from "./_network-host.ts";
import { filterNotTried, judgeEntry, judgeFilter, judgeIpv6, judgeIsolation, judgeLinks } from "./_network-own.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { readSteps } from "./_steps.ts";

const ids = ["net.isolation", "net.links", "net.nftables", "net.unprivileged-ports", "net.ping", "net.ipv6"] as const;

const deadlineMs = 4000;

/** What would have the kernel load a module is left out: sockets of a family, and messages to a subsystem. */
async function run(context: ProbeContext) {
  const { host, helpers } = context;
  const hasIpv6 = host.status("/proc/net/if_inet6").ok || isUsableAsIs(host, "ipv6");
  const hasFilter = isUsableAsIs(host, "nf_tables");
  const tried = [...(hasIpv6 ? ["ipv6"] : []), ...(hasFilter ? ["filter"] : [])];
  const reading = readSteps("network", await helpers.probe("network", tried, deadlineMs));
  const stopped = await judgeEntry(context, reading);
  return {
    "net.isolation": stopped ?? judgeIsolation(reading),
    "net.links": stopped ?? judgeLinks(reading),
    "net.nftables": hasFilter ? (stopped ?? judgeFilter(reading)) : filterNotTried(),
    "net.unprivileged-ports": judgeLowPorts(reading, host),
    "net.ping": judgePing(reading, host),
    "net.ipv6": hasIpv6 ? (stopped ?? judgeIpv6(reading)) : noIpv6,
  };
}

const noIpv6 = finding({
  state: "absent",
  level: "declared",
  summary: "this kernel runs without IPv6",
  evidence: [{ action: "look for /proc/net/if_inet6", result: "not there" }],
  blockers: [{ code: "module-missing", detail: "the module ipv6 is not loaded, and a probe loads none" }],
});

/** Probe `network`. */
export default defineProbe({
  id: "network",
  area: "network",
  capabilities: {
    "net.isolation": "Cut off from the host's network",
    "net.links": "Links of its own",
    "net.nftables": "Packet filters of its own",
    "net.unprivileged-ports": "Ports below 1024",
    "net.ping": "Ping without privileges",
    "net.ipv6": "IPv6 loopback",
  },
  deadlineMs: deadlineMs + 4000,
  run: onLinux(ids, run),
});
