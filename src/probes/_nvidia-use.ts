/** What jobs need of NVIDIA's besides the driver: shared memory of both processors, containers, memory across processes. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import type { Question } from "./_ask-device.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { hasNvidiaDriver } from "./_nvidia-driver.ts";
import { finding } from "./_probe.ts";

/** Unified memory: a module and a device of its own; CUDA starts with opening it. */
export const unifiedMemory: Question = {
  device: {
    path: "/dev/nvidia-uvm",
    what: "NVIDIA's unified memory",
    registeredAs: { file: "/proc/devices", names: ["nvidia-uvm"] },
    module: "nvidia_uvm",
    explainMissing: (host) =>
      hasNvidiaDriver(host)
        ? { code: "module-missing", detail: "no /dev/nvidia-uvm: the module nvidia_uvm is not loaded" }
        : { code: "device-missing", detail: "no /dev/nvidia-uvm: no NVIDIA driver" },
  },
  kind: "open",
  judge: (_, evidence) =>
    finding({ state: "works", level: "opened", summary: "/dev/nvidia-uvm was opened; nothing was computed", evidence }),
};

/** Where engines look for device specifications (Container Device Interface, SPEC.md). */
const specificationPlaces = ["/etc/cdi", "/var/run/cdi"] as const;

/** nvidia-ctk and its specifications, and whether the devices that these name are still there. */
export function judgeContainers(host: Host): Finding {
  const [program] = host.findPrograms("nvidia-ctk");
  const evidence: Evidence[] = [{ action: "look for nvidia-ctk in PATH", result: program ?? "not there" }];
  const specifications = specificationPlaces.flatMap((place) => {
    const paths = listSpecifications(host, place);
    evidence.push({ action: `look for NVIDIA in ${place}`, result: paths.join(", ") || "nothing" });
    return paths;
  });
  if (program === undefined && specifications.length === 0) {
    const detail = "no nvidia-ctk in PATH and no specification of NVIDIA's devices";
    const blockers = [{ code: "package-missing", detail }] as const;
    return finding({ state: "absent", level: "exercised", summary: "not installed", evidence, blockers });
  }
  if (specifications.length === 0) {
    const summary = "nvidia-ctk is there, but no specification: engines that go by these find no card";
    return finding({ state: "degraded", level: "declared", summary, evidence, value: program });
  }
  const gone = specifications.flatMap((path) => findGone(host, path));
  if (gone.length > 0) {
    const detail = `${specifications.join(", ")} names ${gone.slice(0, 3).join(", ")}, which is not in this /dev`;
    const blockers = [{ code: "device-missing", detail }] as const;
    return finding({ state: "broken", level: "declared", summary: detail, evidence, blockers });
  }
  const summary = `${specifications.join(", ")}: its devices are there; no container was started`;
  return finding({ state: "works", level: "declared", summary, evidence, value: specifications[0] });
}

function listSpecifications(host: Host, place: string): string[] {
  const names = host.list(place);
  if (!names.ok) return [];
  const paths = names.value.filter((name) => /\.(ya?ml|json)$/.test(name)).map((name) => `${place}/${name}`);
  return paths.filter((path) => {
    const text = host.readText(path);
    return text.ok && text.value.includes("nvidia.com/");
  });
}

function findGone(host: Host, path: string): string[] {
  const text = host.readText(path);
  const named = text.ok ? [...text.value.matchAll(/\/dev\/nvidia[\w/-]*/g)].map(([device]) => device) : [];
  return [...new Set(named)].filter((device) => !host.status(device).ok);
}

/**
 * Memory of a card shared between processes: handles are passed by way of /dev/shm, by pidfd_getfd(2), which asks as
 * ptrace(2) does, and between processes that see each other's ids; pinned memory counts as locked. Read, not tried.
 */
export function judgeSharing(host: Host, memory: Finding): Finding {
  const shared = host.readText("/proc/self/mountinfo");
  const mount = shared.ok ? shared.value.split("\n").find((line) => line.split(" ")[4] === "/dev/shm") : undefined;
  const limits = host.readText("/proc/self/limits");
  const locked = limits.ok ? /^Max locked memory\s+(\S+)/m.exec(limits.value)?.[1] : undefined;
  const evidence: Evidence[] = [
    { action: "look for /dev/shm in /proc/self/mountinfo", result: mount?.split(" - ")[1] ?? "not there" },
    { action: "ptrace_scope", result: lineOrErrno(readLine(host, "/proc/sys/kernel/yama/ptrace_scope")) },
    { action: "most locked memory (bytes)", result: locked ?? "not told" },
    ...["pid", "ipc"].map((kind) => namespaceEvidence(host, kind)),
  ];
  if (memory.state !== "works") {
    const { state, summary, blockers, level } = memory;
    return finding({ state, level, summary, evidence: [...memory.evidence, ...evidence], blockers });
  }
  if (mount === undefined) {
    const summary = "no /dev/shm is mounted: what passes handles through it fails";
    return finding({ state: "degraded", level: "declared", summary, evidence });
  }
  const summary = "what it stands on is there; no memory was shared. Sharers need one PID and one IPC namespace";
  return finding({ state: "works", level: "declared", summary, evidence });
}

function namespaceEvidence(host: Host, kind: string): Evidence {
  const status = host.status(`/proc/self/ns/${kind}`);
  return { action: `stat /proc/self/ns/${kind}`, result: status.ok ? String(status.value.inode) : status.errno };
}
