/** The layers around a job, from what the probe of that name found, and the layer that each blocker lies in. Pure. */
import type { Blocker, BlockerCode, Capability, LayerKind } from "../model/capability.ts";
import { layerKinds } from "../model/capability.ts";
import type { Layer, Owner } from "../model/report.ts";

/** Who can change a layer; a container's engine is somebody else's to configure, its image its author's to build. */
const changedBy: Readonly<Record<LayerKind, Owner>> = {
  hardware: "host operator",
  hypervisor: "host operator",
  system: "administrator",
  container: "host operator",
  session: "you",
};

/** Layers that are there, outermost first. */
export function layersOf(capabilities: readonly Capability[]): Layer[] {
  return layerKinds.flatMap((kind) => {
    const found = capabilities.find(({ id }) => id === `layer.${kind}`);
    if (found === undefined || found.value === undefined) return [];
    // The system around a container is not its root's to change.
    const isOutside = kind === "system" && capabilities.some(({ id, value }) => id === "layer.container" && value);
    const owner = isOutside ? "host operator" : changedBy[kind];
    return [{ kind, name: String(found.value), evidence: found.evidence, changedBy: owner }];
  });
}

/** Layers by cause, innermost candidate first: the first of them that is there is where the cause lies. */
const layersByCode: Readonly<Record<BlockerCode, readonly LayerKind[]>> = {
  sysctl: ["system"],
  "lsm:apparmor": ["container", "system"],
  "lsm:selinux": ["container", "system"],
  "lsm:landlock": ["session"],
  seccomp: ["container", "session"],
  "no-new-privs": ["container", "session"],
  capability: ["container", "session"],
  chroot: ["session"],
  "ns-limit": ["session"],
  idmap: ["container", "system"],
  "proc-masked": ["container", "session"],
  "mount-propagation": ["container", "system"],
  noexec: ["container", "system"],
  nosuid: ["container", "system"],
  nodev: ["container", "system"],
  "device-missing": ["container", "system"],
  "device-mode": ["system"],
  "device-cgroup": ["container", "session"],
  "cgroup-delegation": ["container", "session"],
  "cgroup-version": ["system"],
  "outer-container": ["container", "session"],
  "kernel-config": ["system"],
  "kernel-version": ["system"],
  "boot-param": ["system"],
  "module-missing": ["system"],
  "package-missing": ["container", "system"],
  "package-version": ["container", "system"],
  "hypervisor-nested-off": ["hypervisor", "hardware"],
  firmware: ["hypervisor", "hardware"],
  rlimit: ["session"],
  policy: ["session"],
  unknown: ["container", "system"],
};

/** The layer in which a cause lies, among those that are there; what the probe said of it stands. */
export function layerOf(blocker: Blocker, layers: readonly Layer[]): LayerKind {
  const candidates = layersByCode[blocker.code];
  const isThere = (kind: LayerKind): boolean => layers.some((layer) => layer.kind === kind);
  return blocker.layer ?? candidates.find(isThere) ?? candidates.at(-1) ?? "system";
}

/** The same capabilities, with the layer of every blocker. */
export function withLayers(capabilities: readonly Capability[], layers: readonly Layer[]): Capability[] {
  return capabilities.map((capability) => ({
    ...capability,
    blockers: capability.blockers.map((blocker) => ({ ...blocker, layer: layerOf(blocker, layers) })),
  }));
}
