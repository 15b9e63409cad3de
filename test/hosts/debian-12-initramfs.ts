/** The first root is a ramfs that cannot be pivoted away from. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.1, in the initramfs",
  kernel: "debian-12",
  staysInInitramfs: true,
  truth: {
    root: {
      capabilities: { "mount.private-root": "degraded", "ns.mount": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: inNamespaces,
    },
  },
});
