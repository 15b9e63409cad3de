/** Landlock is built in, but not among the security modules that the boot parameters name. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: {
    "landlock.file-system": "absent: boot-param",
    "lsm.apparmor": "works",
    "lsm.yama": "works",
    "userns.capable": "works",
  },
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
} as const;

export default defineHost({
  title: "Linux 6.1, lsm=yama,apparmor",
  kernel: "debian-12",
  bootParameters: "lsm=yama,apparmor",
  truth: { root: truth, user: truth },
});
