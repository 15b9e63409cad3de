/** What surrounds us: a stack of layers, outermost first, such as `vm:firecracker > container:docker`. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { findContainers } from "./_layer-containers.ts";
import { findMachine } from "./_layer-machines.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

async function run({ host }: ProbeContext) {
  const found = [findMachine(host), ...findContainers(host)];
  const layers = found.flatMap(({ layer }) => (layer === undefined ? [] : [layer]));
  const evidence: Evidence[] = found.flatMap((part) => part.evidence);
  const value = layers.length === 0 ? "none" : layers.join(" > ");
  if (!canLook(host)) {
    return {
      "host.layers": finding({
        state: "unknown",
        level: "inferred",
        summary: "neither /proc nor /sys can be read",
        evidence,
      }),
    };
  }
  const summary = layers.length === 0 ? "no virtual machine and no container around cupel was found" : value;
  return { "host.layers": finding({ state: "works", level: "inferred", summary, evidence, value }) };
}

function canLook(host: Host): boolean {
  return host.readText("/proc/version").ok || host.list("/sys").ok;
}

/** Probe `layers`. */
export default defineProbe({
  id: "layers",
  area: "host",
  capabilities: { "host.layers": "Surrounding layers" },
  deadlineMs: 1000,
  run: onLinux(["host.layers"], run),
});
