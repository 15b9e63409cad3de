/** /dev/kvm is there for everyone, as static device nodes are, and nothing is behind it. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: {
    "kvm.open": "absent: module-missing",
    "kvm.create": "absent: module-missing",
    "kvm.run": "absent: module-missing",
    "kvm.long-mode": "absent: module-missing",
  },
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
} as const;

export default defineHost({
  title: "Linux 6.1, /dev/kvm with nothing behind it",
  kernel: "debian-12",
  setUp: "mknod -m 666 /dev/kvm c 10 232",
  truth: { root: truth, user: truth },
});
