/** The processor can virtualize, but nobody has loaded KVM's module. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

export default defineHost({
  title: "Linux 6.1, AMD-V emulated, KVM not loaded",
  kernel: "debian-12",
  cpuFeatures: "+svm",
  truth: {
    root: { capabilities: { "kvm.open": "absent: device-missing" }, chosen: "namespaces", doctor: 0 },
    user: { capabilities: { "kvm.open": "absent: device-missing" }, chosen: "namespaces", doctor: 0 },
  },
});
