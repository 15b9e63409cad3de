/** /dev/kvm is its group's, as distributions have it; the caller is one of them, or not. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

export default defineHost({
  title: "Linux 6.1, /dev/kvm for a group",
  kernel: "debian-12",
  cpuFeatures: "+svm",
  modules: ["kvm-amd"],
  setUp: "chgrp 1000 /dev/kvm; chmod 660 /dev/kvm",
  truth: {
    root: {
      capabilities: { "kvm.open": "works", "kvm.run": "works", "kvm.long-mode": "works" },
      chosen: "namespaces",
      doctor: 0,
    },
    user: {
      capabilities: { "kvm.open": "works", "kvm.run": "works", "kvm.long-mode": "works" },
      chosen: "namespaces",
      doctor: 0,
    },
  },
});
