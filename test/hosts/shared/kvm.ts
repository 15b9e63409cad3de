/** What there is where KVM works: guests that computed something, each in its way. */
import type { Expectation } from "../../../scripts/hosts/lab-host.ts";

/** All but a whole kernel, which takes --deep and a QEMU. */
export const workingKvm: Readonly<Record<string, Expectation>> = {
  "kvm.open": "works",
  "kvm.create": "works",
  "kvm.run": "works",
  "kvm.long-mode": "works",
  "kvm.memory": "works",
  "kvm.latency": "works",
};
