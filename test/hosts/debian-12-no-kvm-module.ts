/** The processor can virtualize, but nobody has loaded KVM's module; nor one of those for virtual sockets. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: {
    "kvm.open": "absent: device-missing",
    "vsock.socket": "absent: module-missing",
    "vhost.vsock": "absent: module-missing",
  },
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
} as const;

export default defineHost({
  title: "Linux 6.1, AMD-V, no KVM, no vsock",
  kernel: "debian-12",
  cpuFeatures: "+svm",
  truth: { root: truth, user: truth },
});
