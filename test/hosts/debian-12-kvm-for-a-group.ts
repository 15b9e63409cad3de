/** KVM works, and /dev/kvm is its group's, as distributions have it: the caller is one of them. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { workingKvm } from "./shared/kvm.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: {
    ...workingKvm,
    // Nothing is claimed of whole kernels without --deep, and there is no QEMU here.
    "kvm.boot": "unknown",
  },
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
} as const;

export default defineHost({
  title: "Linux 6.1, /dev/kvm for a group",
  kernel: "debian-12",
  cpuFeatures: "+svm",
  modules: ["kvm-amd"],
  setUp: "chgrp 1000 /dev/kvm; chmod 660 /dev/kvm",
  truth: { root: truth, user: truth },
});
