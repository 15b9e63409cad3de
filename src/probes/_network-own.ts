/** What was seen in a network namespace of one's own: what of the host it cannot reach, and what can be built in it. */
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, valueAt, type Reading } from "./_steps.ts";

const isolationWords = {
  "tcp-control": "connect to a listener on the host's loopback, outside",
  "udp-control": "send it a datagram, outside",
  "abstract-control": "connect to the host's abstract socket, outside",
  namespaces: "a network namespace of its own",
  "tcp-before-up": "connect to the host's listener before loopback is up",
  "loopback-up": "bring loopback up",
  echo: "a word there and back by TCP inside",
  "tcp-denied": "connect to the host's listener inside",
  "udp-denied": "receive, on the host, a datagram sent inside",
  "abstract-denied": "connect to the host's abstract socket inside",
} as const;

const controls = { "tcp-control": "ok", "udp-control": "ok", "abstract-control": "ok" } as const;

/** connect(2): nobody listens there; recv(2): nothing came. Any other errno would be another mechanism's. */
const denials = { "tcp-denied": "ECONNREFUSED", "udp-denied": "EAGAIN", "abstract-denied": "ECONNREFUSED" } as const;

/** The finding where the namespace was not come by, or undefined where it was. */
export async function judgeEntry(context: ProbeContext, reading: Reading): Promise<Finding | undefined> {
  const entered = errnoAt(reading, "namespaces");
  if (entered === "ok") return undefined;
  const evidence = evidenceOf(reading, { namespaces: isolationWords.namespaces });
  if (entered === undefined) return { ...notEstablished(reading, "a network namespace"), evidence };
  return judgeStep(context, { step: "clone", errno: entered }, evidence);
}

/** Reached outside, not inside; and loopback works all the same. */
export function judgeIsolation(reading: Reading): Finding {
  const evidence = evidenceOf(reading, isolationWords);
  if (!allGave(reading, controls)) {
    const control = Object.keys(controls).find((step) => errnoAt(reading, step) !== "ok") ?? "";
    const summary = `could not be established: what should be out of reach is so outside, too (${control}: ${errnoAt(reading, control) ?? "not reached"})`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const open = Object.keys(denials).find((step) => errnoAt(reading, step) === "ok");
  if (open !== undefined) {
    const summary = `the host is reached from a network namespace of its own (${open})`;
    return finding({ state: "broken", level: "exercised", summary, evidence });
  }
  if (!allGave(reading, denials)) return { ...notEstablished(reading, "the host's sockets inside"), evidence };
  if (!allGave(reading, { "loopback-up": "ok", echo: "ok" })) {
    const detail = `the host is out of reach, but its own loopback does not carry a word: ${errnoAt(reading, "echo") ?? "not reached"}`;
    const blockers = [{ code: "unknown", detail }] as const;
    return finding({ state: "degraded", level: "enforced", summary: detail, evidence, blockers });
  }
  const summary = "TCP, UDP and abstract sockets of the host are out of reach inside; its own loopback works";
  return finding({ state: "works", level: "enforced", summary, evidence });
}

/** Kinds of links, most wanted first. */
const linkKinds = ["veth", "dummy"] as const;

/** Links to build a network from: veth is what leads out of a namespace. */
export function judgeLinks(reading: Reading): Finding {
  const words = linkKinds.flatMap((kind) => [
    [`link-${kind}-known`, `links of kind ${kind}, 1 where the kernel has them`],
    [`link-${kind}`, `make a ${kind} link inside`],
  ]);
  const evidence = evidenceOf(reading, Object.fromEntries(words));
  const made = linkKinds.filter((kind) => errnoAt(reading, `link-${kind}`) === "ok");
  if (made.includes("veth")) {
    const summary = `${made.join(" and ")} links were made in a namespace of its own`;
    return finding({ state: "works", level: "exercised", summary, evidence, value: made.join(" ") });
  }
  const known = valueAt(reading, "link-veth-known");
  if (known === undefined) return { ...notEstablished(reading, "links by netlink"), evidence };
  if (known === 0) {
    const detail = "the module veth is not loaded, and a probe loads none";
    return finding({ state: "absent", level: "exercised", summary: detail, evidence, blockers: [missing(detail)] });
  }
  const detail = `a veth link cannot be made: ${errnoAt(reading, "link-veth") ?? "not reached"}`;
  return finding({ state: "broken", level: "exercised", summary: detail, evidence, blockers: [unexplained(detail)] });
}

/** A rule that drops: a datagram leaves before it and not after. */
export function judgeFilter(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    "filter-control": "send a datagram inside before",
    "filter-rules": "nf_tables: a table, a chain, a rule that drops",
    "filter-denied": "send a datagram inside after",
  });
  if (allGave(reading, { "filter-control": "ok", "filter-rules": "ok", "filter-denied": "EPERM" })) {
    const summary = "a rule of its own drops what was sent before it";
    return finding({ state: "works", level: "enforced", summary, evidence });
  }
  const added = errnoAt(reading, "filter-rules");
  if (added === undefined) return { ...notEstablished(reading, "nf_tables"), evidence };
  if (added === "EPROTONOSUPPORT" || added === "EINVAL" || added === "EOPNOTSUPP") {
    const detail = `this kernel has no nf_tables (${added})`;
    const blockers: Blocker[] = [{ code: "kernel-config", detail }];
    return finding({ state: "absent", level: "exercised", summary: detail, evidence, blockers });
  }
  const detail =
    added === "ok" ? "a rule was taken, but what it should drop is sent" : `rules cannot be added: ${added}`;
  return finding({ state: "broken", level: "exercised", summary: detail, evidence, blockers: [unexplained(detail)] });
}

/** Where nf_tables is not loaded nothing was tried: a netlink message would load it. */
export function filterNotTried(): Finding {
  const detail = "the module nf_tables is not loaded, and a probe loads none";
  const evidence: Evidence[] = [{ action: "look for nf_tables in /sys/module", result: "not there; not tried" }];
  return finding({ state: "absent", level: "declared", summary: detail, evidence, blockers: [missing(detail)] });
}

/** The loopback of version 6. */
export function judgeIpv6(reading: Reading): Finding {
  const evidence = evidenceOf(reading, { "ipv6-echo": "a word there and back by TCP over ::1 inside" });
  const errno = errnoAt(reading, "ipv6-echo");
  if (errno === undefined) return { ...notEstablished(reading, "::1 inside"), evidence };
  if (errno === "ok")
    return finding({ state: "works", level: "exercised", summary: "::1 carries a word inside", evidence });
  if (errno === "EADDRNOTAVAIL") {
    const detail = "a fresh namespace has no ::1: net.ipv6.conf.default.disable_ipv6 is set (EADDRNOTAVAIL)";
    const blockers = [{ code: "sysctl", detail }] as const;
    return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
  }
  const detail = `::1 does not carry a word inside: ${errno}`;
  return finding({ state: "broken", level: "exercised", summary: detail, evidence, blockers: [unexplained(detail)] });
}

function missing(detail: string): Blocker {
  return { code: "module-missing", detail };
}

function unexplained(detail: string): Blocker {
  return { code: "unknown", detail };
}
