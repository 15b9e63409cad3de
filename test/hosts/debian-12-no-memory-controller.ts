/** The memory controller is switched off at boot: there is no cap on memory to be had. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.1, cgroup_disable=memory",
  kernel: "debian-12",
  bootParameters: "cgroup_disable=memory",
  setUp: "echo +cpu +pids > /sys/fs/cgroup/cgroup.subtree_control",
  truth: {
    root: {
      capabilities: { "cgroup.memory": "absent: boot-param", "cgroup.pids": "works", "cgroup.cpu": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: { ...inNamespaces, "limit.cpu": "held" },
      commands: { "cupel run --memory 64M -- /bin/true": 125, "cupel run --pids 20 -- /bin/true": 0 },
    },
  },
});
