/** A kernel before mount_setattr, Landlock and overlays in user namespaces. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

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
    },
    user: {
      capabilities: { "userns.capable": "works", "mount.private-root": "works", "mount.setattr": "degraded" },
      chosen: "namespaces",
      doctor: 0,
    },
  },
});
