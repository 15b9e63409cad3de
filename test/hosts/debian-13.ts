/** The next Debian's kernel, with working KVM: emulated AMD-V, for root. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

export default defineHost({
  title: "Linux 6.12, AMD-V emulated, KVM for root",
  kernel: "debian-13",
  cpuFeatures: "+svm",
  modules: ["kvm-amd"],
  setUp: "chmod 600 /dev/kvm",
  truth: {
    root: {
      capabilities: { "kvm.open": "works", "kvm.create": "works", "kvm.run": "works", "landlock.scopes": "works" },
      chosen: "namespaces",
      doctor: 0,
    },
    user: {
      capabilities: { "kvm.open": "blocked: device-mode", "userns.capable": "works", "landlock.network": "works" },
      chosen: "namespaces",
      doctor: 0,
    },
  },
});
