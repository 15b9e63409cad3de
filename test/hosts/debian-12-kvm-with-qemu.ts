/** KVM works, and there is a QEMU to boot a whole kernel in it, which is done for real. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { workingKvm } from "./shared/kvm.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: workingKvm,
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
  commands: { "cupel check --deep --capability kvm.boot": 0 },
} as const;

export default defineHost({
  title: "Linux 6.1, KVM, QEMU",
  kernel: "debian-12",
  cpuFeatures: "+svm",
  modules: ["kvm-amd"],
  packages: ["linux-image-cloud-amd64", "qemu-system-x86"],
  dependencies: "all",
  setUp: "chmod 666 /dev/kvm",
  truth: { root: truth, user: truth },
});
