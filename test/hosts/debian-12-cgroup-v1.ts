/** Control groups of version 1 alone, each controller mounted by itself, as before systemd 244. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces, withEveryCap } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.1, cgroup v1",
  kernel: "debian-12",
  bootParameters: "cgroup_no_v1=none",
  setUp: `umount /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for controller in memory pids cpu freezer; do
  mkdir /sys/fs/cgroup/$controller
  mount -t cgroup -o $controller cgroup /sys/fs/cgroup/$controller
done`,
  truth: {
    root: {
      capabilities: { "cgroup.mode": "works", "cgroup.memory": "works", "cgroup.pids": "works", "cgroup.cpu": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: withEveryCap,
      commands: {
        "cupel run --memory 64M --pids 20 --cpus 0.5 -- /bin/true": 0,
        "cupel run --cpu-time 1s -- /bin/true": 125,
      },
    },
    user: {
      capabilities: { "userns.capable": "works", "cgroup.memory": "blocked: cgroup-version" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: inNamespaces,
      commands: { "cupel run --memory 64M -- /bin/true": 125 },
    },
  },
});
