/** What surrounds us: a stack of layers, outermost first, such as `vm:firecracker > container:docker`. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { findContainers } from "./_layer-containers.ts";
import { findMachine } from "./_layer-machines.ts";
import { findHardware, findSession, findSystem } from "./_layer-own.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

const ids = [
  "host.layers",
  "layer.hardware",
  "layer.hypervisor",
  "layer.system",
  "layer.container",
  "layer.session",
] as const;

async function run({ host }: ProbeContext) {
  const machine = findMachine(host);
  const containers = findContainers(host);
  const found = [machine, ...containers];
  const evidence = found.flatMap((part) => part.evidence);
  if (!canLook(host)) return findingsFor(ids, () => nothingToSee(evidence));
  const layers = found.flatMap(({ layer }) => (layer === undefined ? [] : [layer]));
  const value = layers.length === 0 ? "none" : layers.join(" > ");
  const summary = layers.length === 0 ? "no virtual machine and no container around cupel was found" : value;
  const inside = containers.flatMap(({ layer }) => (layer === undefined ? [] : [layer]));
  return {
    "host.layers": finding({ state: "works", level: "inferred", summary, evidence, value }),
    "layer.hardware": present(findHardware(host)),
    "layer.hypervisor": maybe(bareName(machine.layer), machine.evidence, "no hypervisor was found"),
    "layer.system": present(findSystem(host)),
    "layer.container": maybe(
      inside.map(bareName).join(" > ") || undefined,
      containers.flatMap((container) => container.evidence),
      "no container around cupel",
    ),
    "layer.session": present(findSession(host)),
  };
}

/** `vm:firecracker` without its kind. */
function bareName(layer: string | undefined): string | undefined {
  return layer?.slice(layer.indexOf(":") + 1);
}

function present({ name, evidence }: { name: string; evidence: readonly Evidence[] }): Finding {
  return finding({ state: "works", level: "declared", summary: name, evidence, value: name });
}

function maybe(name: string | undefined, evidence: readonly Evidence[], without: string): Finding {
  const seen = evidence.length === 0 ? [{ action: "look for it", result: "nothing" }] : evidence;
  if (name === undefined) return finding({ state: "absent", level: "inferred", summary: without, evidence: seen });
  return finding({ state: "works", level: "inferred", summary: name, evidence: seen, value: name });
}

function nothingToSee(evidence: readonly Evidence[]): Finding {
  return finding({ state: "unknown", level: "inferred", summary: "neither /proc nor /sys can be read", evidence });
}

function canLook(host: Host): boolean {
  return host.readText("/proc/version").ok || host.list("/sys").ok;
}

/** Probe `layers`. */
export default defineProbe({
  id: "layers",
  area: "host",
  capabilities: {
    "host.layers": "Surrounding layers",
    "layer.hardware": "Layer: hardware",
    "layer.hypervisor": "Layer: hypervisor",
    "layer.system": "Layer: kernel and system",
    "layer.container": "Layer: container",
    "layer.session": "Layer: session",
  },
  deadlineMs: 1000,
  run: onLinux(ids, run),
});
