/** As small as machines get: one processor, as most hosts of the lab have, and 256 MiB. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces, withEveryCap } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.1, 256 MiB of memory",
  kernel: "debian-12",
  memoryMib: 256,
  setUp: "echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  truth: {
    root: {
      capabilities: { "userns.capable": "works", "cgroup.memory": "works", "cgroup.cpu": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: withEveryCap,
    },
    user: { capabilities: { "userns.capable": "works" }, chosen: "namespaces", doctor: 0, verdicts: inNamespaces },
  },
});
