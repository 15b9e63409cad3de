/** AppArmor is off; Landlock is not. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: { "lsm.apparmor": "absent", "landlock.file-system": "works", "userns.capable": "works" },
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
} as const;

export default defineHost({
  title: "Linux 6.1, apparmor=0",
  kernel: "debian-12",
  bootParameters: "apparmor=0",
  truth: { root: truth, user: truth },
});
