/** Why there is no place at all to set a controller's limit. */
import type { Host } from "../host/host.ts";
import type { Blocker, CapabilityState, Finding } from "../model/capability.ts";
import { lastWith, type ControlGroupPlaces } from "./_control-group-places.ts";
import { finding } from "./_probe.ts";

/** The finding for a controller that no reachable group hands to its children. */
export function withoutPlace(
  host: Host,
  places: ControlGroupPlaces,
  controller: string,
  ownUnified: string | undefined,
): Finding {
  const { state, blocker } = explain(host, places, controller, ownUnified);
  const evidence = [
    { action: "control groups mounted", result: places.mode },
    { action: `${controller} in /proc/cgroups`, result: describeKernel(host, controller) },
  ];
  return finding({ state, level: "declared", summary: blocker.detail, evidence, blockers: [blocker] });
}

function explain(
  host: Host,
  places: ControlGroupPlaces,
  controller: string,
  ownUnified: string | undefined,
): { state: CapabilityState; blocker: Blocker } {
  const kernel = describeKernel(host, controller);
  if (kernel === "disabled") {
    return {
      state: "absent",
      blocker: { code: "boot-param", detail: `the ${controller} controller is disabled (cgroup_disable=)` },
    };
  }
  if (kernel === "not listed") {
    return {
      state: "absent",
      blocker: { code: "kernel-config", detail: `this kernel has no ${controller} controller` },
    };
  }
  if (places.mode === "none") {
    return { state: "absent", blocker: { code: "outer-container", detail: "no control groups are mounted here" } };
  }
  if (places.hierarchies.some(({ controllers }) => controllers.includes(controller)) || ownUnified === undefined) {
    return {
      state: "blocked",
      blocker: { code: "outer-container", detail: "cupel's own group lies outside of what is mounted here" },
    };
  }
  const offered = host.readText(`${ownUnified}/cgroup.controllers`);
  const isOffered = offered.ok && offered.value.trim().split(/\s+/).includes(controller);
  if (places.mode === "v2" && isOffered) {
    const detail = `${controller} is not delegated: neither ${ownUnified} nor a group above it that is one's own hands it to children`;
    return { state: "blocked", blocker: { code: "cgroup-delegation", detail } };
  }
  const last = places.mode === "v2" ? lastWith(host, places, controller) : undefined;
  if (last !== undefined) {
    const detail = `the ${controller} controller is handed down no further than ${last}`;
    return { state: "blocked", blocker: { code: "cgroup-delegation", detail } };
  }
  const detail = `the ${controller} controller is in no hierarchy that is mounted here (${places.mode})`;
  return { state: "blocked", blocker: { code: places.mode === "v2" ? "cgroup-delegation" : "cgroup-version", detail } };
}

/** Version 1 had its own name for what limits disks, and /proc/cgroups keeps that (cgroups(7)). */
const namesInTable: Readonly<Record<string, string>> = { io: "blkio" };

/** "name hierarchy groups enabled"; version 2's cgroup.controllers counts where /proc/cgroups is gone (Linux 6.14 option). */
function describeKernel(host: Host, controller: string): "enabled" | "disabled" | "not listed" | "unknown" {
  const table = host.readText("/proc/cgroups");
  if (!table.ok) return "unknown";
  const name = namesInTable[controller] ?? controller;
  const row = table.value.split("\n").find((line) => line.startsWith(`${name}\t`));
  if (row === undefined) return "not listed";
  return row.split("\t")[3]?.trim() === "0" ? "disabled" : "enabled";
}
