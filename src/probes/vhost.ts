/** Virtual machines' ways out: network and sockets that the kernel carries for them, and sockets to the hypervisor. */
import type { Evidence, Finding } from "../model/capability.ts";
import { askDevice, type Question } from "./_ask-device.ts";
import type { Device } from "./_device.ts";
import { onLinux } from "./_elsewhere.ts";
import { canLoadModules } from "./_modules.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt } from "./_steps.ts";

const ids = ["vhost.net", "vhost.vsock", "vsock.socket"] as const;

function vhost(name: "net" | "vsock"): Question {
  return {
    device: {
      path: `/dev/vhost-${name}`,
      what: `vhost-${name}`,
      registeredAs: { file: "/proc/misc", names: [`vhost-${name}`] },
      module: `vhost_${name}`,
    },
    kind: "vhost",
    ask: "VHOST_SET_OWNER",
    judge: (_, evidence) =>
      finding({ state: "works", level: "exercised", summary: "opened, and owned by this process", evidence }),
  };
}

async function run(context: ProbeContext) {
  const [network, sockets, own] = await Promise.all([
    askDevice(context, vhost("net")),
    askDevice(context, vhost("vsock")),
    probeSockets(context),
  ]);
  return { "vhost.net": network, "vhost.vsock": sockets, "vsock.socket": own };
}

/** Sockets of a family that is not registered would have its module loaded (socket(2), "net-pf-40"). */
async function probeSockets({ host, helpers }: ProbeContext): Promise<Finding> {
  const protocols = host.readText("/proc/net/protocols");
  const isThere = protocols.ok && /^AF_VSOCK\b/m.test(protocols.value);
  const seen: Evidence = {
    action: "look for AF_VSOCK in /proc/net/protocols",
    result: isThere ? "there" : "not there",
  };
  if (!isThere) return socketsAbsent(canLoadModules(host), seen);
  const hasLoopback = host.status("/sys/module/vsock_loopback").ok;
  const words = ["vsock-socket", ...(hasLoopback ? ["loopback"] : [])];
  const [socket, device] = await Promise.all([
    helpers.probe("device", words, 2000),
    helpers.probe("device", ["vsock"], 2000),
  ]);
  const reading = readSteps("device", socket);
  const asked = readSteps("device", device);
  const evidence: Evidence[] = [
    seen,
    ...evidenceOf(reading, { socket: "make a virtual socket", loopback: "connect to itself, address 1" }),
    ...(hasLoopback ? [] : [{ action: "connect to itself, address 1", result: "not tried: no vsock_loopback" }]),
    ...evidenceOf(asked, { open: `open ${vsockDevice.path}`, ask: "IOCTL_VM_SOCKETS_GET_LOCAL_CID" }),
  ];
  const made = errnoAt(reading, "socket");
  if (made === undefined) return { ...notEstablished(reading, "a virtual socket"), evidence };
  if (made !== "ok") {
    const isFiltered = made === "EPERM";
    const detail = isFiltered ? "a system call filter answers EPERM to a virtual socket" : `no virtual socket: ${made}`;
    const code = isFiltered ? "seccomp" : "unknown";
    return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers: [{ code, detail }] });
  }
  const told = valueAt(asked, "ask");
  const address = told === noAddress ? undefined : told;
  return finding({
    state: "works",
    level: "exercised",
    summary: describeSocket(told, errnoAt(reading, "loopback")),
    evidence,
    value: address,
  });
}

const vsockDevice: Pick<Device, "path"> = { path: "/dev/vsock" };

/** VMADDR_CID_ANY: of a machine that no hypervisor has given an address (vsock(7)). */
const noAddress = 0xffffffff;

function describeSocket(told: number | undefined, loopback: string | undefined): string {
  const asked = told === undefined ? "its address could not be asked" : `its address is ${told}`;
  const own = told === noAddress ? "no hypervisor has given this machine an address" : `this machine: ${asked}`;
  return `a socket was made; ${own}${loopback === "ok" ? "; a connection to itself works" : ""}`;
}

function socketsAbsent(canLoad: boolean, seen: Evidence): Finding {
  const detail = canLoad
    ? "the module vsock is not loaded, and a probe loads none"
    : "this kernel has no virtual sockets and loads no modules";
  const blockers = [{ code: canLoad ? "module-missing" : "kernel-config", detail }] as const;
  return finding({ state: "absent", level: "declared", summary: detail, evidence: [seen], blockers });
}

/** Probe `vhost`. */
export default defineProbe({
  id: "vhost",
  area: "virtualization",
  capabilities: {
    "vhost.net": "Network for guests (vhost)",
    "vhost.vsock": "Sockets for guests (vhost)",
    "vsock.socket": "Virtual sockets",
  },
  deadlineMs: 5000,
  run: onLinux(ids, run),
});
