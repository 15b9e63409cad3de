/** KVM: the device, a virtual machine, and guests that hand out what only they could have computed. */
import type { Finding } from "../model/capability.ts";
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { describeDevice, describeUnloaded } from "./_device.ts";
import { judgeBoot } from "./_kvm-boot.ts";
import { kvmDevice } from "./_kvm-device.ts";
import { judgeLongMode, judgeRealMode } from "./_kvm-guests.ts";
import { judgeLatency, judgeMemory } from "./_kvm-measures.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["kvm.open", "kvm.create", "kvm.run", "kvm.long-mode", "kvm.memory", "kvm.latency", "kvm.boot"] as const;

/** KVM_GET_API_VERSION: the same since Linux 2.6.22, "applications should refuse to run" with any other (api.rst). */
const apiVersion = 12;

async function run(context: ProbeContext) {
  const unloaded = describeUnloaded(context.host, kvmDevice);
  if (unloaded !== undefined) return findingsFor(ids, () => unloaded);
  const reading = readSteps("kvm", await context.helpers.probe("kvm", [], 3000));
  const open = judgeOpen(context, reading);
  const create = open.state === "works" ? judgeCreate(reading) : behind(open);
  const longMode = create.state === "works" ? judgeLongMode(reading) : behind(create);
  return {
    "kvm.open": open,
    "kvm.create": create,
    "kvm.run": create.state === "works" ? judgeRealMode(reading, context.host) : behind(create),
    "kvm.long-mode": longMode,
    "kvm.memory": create.state === "works" ? judgeMemory(reading) : behind(create),
    "kvm.latency": create.state === "works" ? judgeLatency(reading) : behind(create),
    "kvm.boot": await judgeBoot(context, { create, longMode }),
  };
}

/** What the one before lacks, the next lacks too. */
function behind(before: Finding): Finding {
  return { ...before, value: undefined };
}

function judgeOpen(context: ProbeContext, reading: Reading): Finding {
  const errno = errnoAt(reading, "open");
  const evidence = evidenceOf(reading, {
    open: "open /dev/kvm for reading and writing",
    "api-version": "KVM_GET_API_VERSION",
  });
  if (errno === undefined) return { ...notEstablished(reading, "open /dev/kvm"), evidence };
  if (errno !== "ok") return describeDevice(context.host, kvmDevice, errno, evidence);
  const version = valueAt(reading, "api-version");
  if (version !== apiVersion) {
    const summary = `opened, but it does not speak KVM's interface (version ${version ?? "unknown"})`;
    return finding({ state: "broken", level: "opened", summary, evidence });
  }
  return finding({ state: "works", level: "opened", summary: "opened for reading and writing", evidence });
}

function judgeCreate(reading: Reading): Finding {
  const errno = errnoAt(reading, "create-vm");
  const evidence = evidenceOf(reading, { "create-vm": "KVM_CREATE_VM" });
  if (errno === "ok")
    return finding({ state: "works", level: "exercised", summary: "a virtual machine was created", evidence });
  if (errno === undefined) return { ...notEstablished(reading, "KVM_CREATE_VM"), evidence };
  const isTaken = errno === "EBUSY";
  const detail = isTaken ? "EBUSY: another hypervisor holds the processor's virtualization" : `KVM_CREATE_VM: ${errno}`;
  return finding({
    state: isTaken ? "blocked" : "broken",
    level: "exercised",
    summary: detail,
    evidence,
    blockers: [{ code: isTaken ? "policy" : "unknown", detail }],
  });
}

/** Probe `kvm`. */
export default defineProbe({
  id: "kvm",
  area: "virtualization",
  capabilities: {
    "kvm.open": "KVM device",
    "kvm.create": "KVM virtual machine",
    "kvm.run": "KVM guest, 16 bits",
    "kvm.long-mode": "KVM guest, 64 bits",
    "kvm.memory": "KVM guest memory",
    "kvm.latency": "KVM exits",
    "kvm.boot": "KVM guest kernel",
  },
  // Three seconds for the guests; the rest is for a kernel that is booted, with --deep alone.
  deadlineMs: 26_000,
  run: onLinux(ids, run),
});
