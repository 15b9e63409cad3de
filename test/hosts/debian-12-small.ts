/** As small as machines get: one processor and 256 MB. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

export default defineHost({
  title: "Linux 6.1, one processor, 512 MB for the root and all",
  kernel: "debian-12",
  processors: 1,
  memoryMib: 512,
  bootParameters: "maxcpus=1",
  setUp: "echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  truth: {
    root: {
      capabilities: { "userns.capable": "works", "cgroup.memory": "works", "cgroup.cpu": "works" },
      chosen: "namespaces",
      doctor: 0,
    },
    user: { capabilities: { "userns.capable": "works" }, chosen: "namespaces", doctor: 0 },
  },
});
