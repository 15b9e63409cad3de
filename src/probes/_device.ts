/** Devices: whether the kernel has what is behind one, and why it cannot be opened. */
import type { Host } from "../host/host.ts";
import type { Blocker, BlockerCode, CapabilityState, Evidence, Finding } from "../model/capability.ts";
import { describeMode, explainDenial } from "./_device-access.ts";
import { canLoadModules } from "./_modules.ts";
import { finding } from "./_probe.ts";

/** A device, as the kernel and its administrator know it. */
export interface Device {
  readonly path: string;
  /** What it stands for, as it reads after "the kernel has": `KVM`. */
  readonly what: string;
  /** Its name in /proc/misc, or its driver's in /proc/devices; some drivers have changed theirs. */
  readonly registeredAs: { readonly file: "/proc/misc" | "/proc/devices"; readonly names: readonly string[] };
  /** The module that brings it; none where hardware brings it. */
  readonly module?: string | undefined;
  /** Why it is not there, where more can be said than its module's name. */
  readonly explainMissing?: ((host: Host) => Blocker) | undefined;
}

interface Cause {
  readonly state: CapabilityState;
  readonly blockers: readonly Blocker[];
  readonly ruledOut?: readonly BlockerCode[];
}

/** Whether the kernel has it now, also in a container that was not given the device; undefined where it does not tell. */
export function isRegistered(host: Host, { registeredAs: { file, names } }: Device): boolean | undefined {
  const list = host.readText(file);
  if (!list.ok) return undefined;
  return list.value.split("\n").some((line) => names.includes(line.trim().split(/\s+/)[1] ?? ""));
}

/**
 * The finding for a name in /dev that has nothing behind it yet: opening it would have the kernel load a module (static
 * nodes of kmod(8), "char-major-10-200"), which is not a probe's to do. Undefined where it may be opened.
 */
export function describeUnloaded(host: Host, device: Device): Finding | undefined {
  if (!host.status(device.path).ok || isRegistered(host, device) !== false || !canLoadModules(host)) return undefined;
  const named = device.module === undefined ? "its module" : `the module ${device.module}`;
  const detail = `${device.path} is only a name so far: ${named} is not loaded, and a probe loads none`;
  return finding({
    state: "absent",
    level: "declared",
    summary: detail,
    evidence: [
      {
        action: `look for ${device.registeredAs.names.join(", ")} in ${device.registeredAs.file}`,
        result: "not there",
      },
    ],
    blockers: [{ code: "module-missing", detail }],
  });
}

/** The finding for an open that failed with `errno`. */
export function describeDevice(host: Host, device: Device, errno: string, evidence: readonly Evidence[]): Finding {
  const { state, blockers, ruledOut = [] } = explain(host, device, errno);
  return finding({
    state,
    level: "opened",
    summary: blockers.map(({ detail }) => detail).join("; "),
    evidence: [...evidence, lookAt(host, device)],
    blockers,
    ruledOut,
  });
}

function explain(host: Host, device: Device, errno: string): Cause {
  const { path, what } = device;
  switch (errno) {
    case "ENOENT":
      return {
        state: "absent",
        blockers: [host.status(path).ok ? withoutFooting(path) : explainAbsence(host, device)],
      };
    case "EACCES":
      return { state: "blocked", ...explainDenial(host, path) };
    case "EPERM": {
      const detail = `${path} is denied though its mode allows it: a device control group (EPERM)`;
      return { state: "blocked", blockers: [{ code: "device-cgroup", detail }], ruledOut: ["device-mode"] };
    }
    case "ENXIO":
    case "ENODEV": {
      const detail = `${path} is a name with nothing behind it (${errno}): no ${what} in this kernel`;
      return { state: "absent", blockers: [{ code: "device-missing", detail }] };
    }
    default:
      return { state: "broken", blockers: [{ code: "unknown", detail: `${path}: ${errno}` }] };
  }
}

/** /dev/ptmx without devpts mounted says so (pts(4)). */
function withoutFooting(path: string): Blocker {
  return { code: "device-missing", detail: `${path} is there, but what it stands on is not (ENOENT)` };
}

function explainAbsence(host: Host, device: Device): Blocker {
  const { path, what, module, explainMissing } = device;
  const isThere = isRegistered(host, device);
  if (isThere === true)
    return { code: "device-missing", detail: `the kernel has ${what}, but ${path} is not in this /dev` };
  if (explainMissing !== undefined) return explainMissing(host);
  if (module === undefined || isThere === undefined) return { code: "device-missing", detail: `no ${path}` };
  return canLoadModules(host)
    ? { code: "module-missing", detail: `no ${path}: the module ${module} is not loaded` }
    : { code: "kernel-config", detail: `no ${path}: this kernel has no ${what} and loads no modules` };
}

function lookAt(host: Host, { path }: Device): Evidence {
  const status = host.status(path);
  const result = status.ok ? `${status.value.kind}, ${describeMode(status.value)}` : status.errno;
  return { action: `stat ${path}`, result };
}
