/** KVM: the device, a virtual machine, and guests that hand out what only they could have computed. */
import { onLinux } from "./_elsewhere.ts";
import { judgeRealMode } from "./_kvm-guests.ts";
import { runGuests } from "./_kvm-machine.ts";
import { judgeLatency, judgeMemory } from "./_kvm-measures.ts";
import { defineProbe, type ProbeContext } from "./_probe.ts";

const ids = ["kvm.open", "kvm.create", "kvm.run", "kvm.long-mode", "kvm.memory", "kvm.latency"] as const;

async function run(context: ProbeContext) {
  const { open, create, longMode, judge } = await runGuests(context);
  return {
    "kvm.open": open,
    "kvm.create": create,
    "kvm.run": judge((reading) => judgeRealMode(reading, context.host)),
    "kvm.long-mode": longMode,
    "kvm.memory": judge(judgeMemory),
    "kvm.latency": judge(judgeLatency),
  };
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
  },
  deadlineMs: 10_000,
  run: onLinux(ids, run),
});
