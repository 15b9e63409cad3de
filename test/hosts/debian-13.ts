/** The next Debian's kernel, with working KVM: emulated AMD-V, for root. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.12, two CPUs, KVM and vsock for root",
  kernel: "debian-13",
  cpuFeatures: "+svm",
  processors: 2,
  modules: ["kvm-amd", "vhost-vsock", "vsock-loopback"],
  setUp: "chmod 600 /dev/kvm /dev/vhost-vsock",
  truth: {
    root: {
      capabilities: {
        "kvm.open": "works",
        "kvm.create": "works",
        "kvm.run": "works",
        "landlock.scopes": "works",
        "vsock.socket": "works",
        "vhost.vsock": "works",
      },
      chosen: "namespaces",
      doctor: 0,
      verdicts: inNamespaces,
    },
    user: {
      capabilities: {
        "kvm.open": "blocked: device-mode",
        "userns.capable": "works",
        "landlock.network": "works",
        "vsock.socket": "works",
        "vhost.vsock": "blocked: device-mode",
      },
      chosen: "namespaces",
      doctor: 0,
      verdicts: inNamespaces,
    },
  },
});
