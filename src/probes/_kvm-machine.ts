/** KVM as far as every use of it goes: the device, a virtual machine, and 64-bit guests. */
import type { Finding } from "../model/capability.ts";
import { describeDevice, describeUnloaded } from "./_device.ts";
import { kvmDevice } from "./_kvm-device.ts";
import { judgeLongMode } from "./_kvm-guests.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

/** KVM_GET_API_VERSION: the same since Linux 2.6.22, "applications should refuse to run" with any other (api.rst). */
const apiVersion = 12;

/** What one run of the prober in KVM amounts to. */
export interface Machine {
  readonly open: Finding;
  readonly create: Finding;
  readonly longMode: Finding;
  /** What this judge says of the run; where no virtual machine can be made, the reason for that. */
  readonly judge: (judge: (reading: Reading) => Finding) => Finding;
}

/** A guest that is interpreted burns its whole deadline: one run serves every probe of KVM in the same context. */
const runs = new WeakMap<ProbeContext, Promise<Machine>>();

/** Has the prober run its guests, once for a context. */
export function runGuests(context: ProbeContext): Promise<Machine> {
  const started = runs.get(context) ?? startGuests(context);
  runs.set(context, started);
  return started;
}

async function startGuests(context: ProbeContext): Promise<Machine> {
  const unloaded = describeUnloaded(context.host, kvmDevice);
  if (unloaded !== undefined) {
    return { open: unloaded, create: unloaded, longMode: unloaded, judge: () => unloaded };
  }
  const reading = readSteps("kvm", await context.helpers.probe("kvm", [], 9000));
  const open = judgeOpen(context, reading);
  const create = open.state === "works" ? judgeCreate(reading) : behind(open);
  const judge: Machine["judge"] = (of) => (create.state === "works" ? of(reading) : behind(create));
  return { open, create, longMode: judge(judgeLongMode), judge };
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
