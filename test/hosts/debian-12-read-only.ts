/** Nothing can be written but /run and a /tmp that is noexec, as in appliances. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

export default defineHost({
  title: "Linux 6.1, read-only root, noexec /tmp",
  kernel: "debian-12",
  setUp: `mount -t tmpfs -o noexec,mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mount -o remount,ro /`,
  truth: {
    root: {
      capabilities: { "userns.capable": "works", "mount.private-root": "works" },
      chosen: "namespaces",
      doctor: 0,
    },
    user: { capabilities: { "userns.capable": "works" }, chosen: "namespaces", doctor: 0 },
  },
});
