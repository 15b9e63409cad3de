/** A kernel before mount_setattr, Landlock and overlays in user namespaces. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

/** Limits count by user namespace since Linux 5.14 (kernel/ucount.c): before, they cannot stand for a control group. */
const verdicts = { ...inNamespaces, "limit.pids": "not-provided" } as const;

export default defineHost({
  title: "Linux 5.10, mounts by path",
  kernel: "debian-11",
  truth: {
    root: {
      capabilities: {
        "mount.private-root": "works",
        "mount.setattr": "degraded",
        "landlock.file-system": "absent: kernel-config",
      },
      chosen: "namespaces",
      doctor: 0,
      verdicts,
    },
    user: {
      capabilities: { "userns.capable": "works", "mount.private-root": "works", "mount.setattr": "degraded" },
      chosen: "namespaces",
      doctor: 0,
      verdicts,
    },
  },
});
