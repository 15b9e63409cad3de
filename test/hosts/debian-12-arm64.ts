/** Another processor: Debian 12's kernel for arm64, and the release for it. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

const everything = {
  "userns.create": "works",
  "userns.capable": "works",
  "ns.network": "works",
  "mount.private-root": "works",
  "mount.proc": "works",
  "cgroup.mode": "works",
  "cgroup.memory": "works",
  "cgroup.pids": "works",
  "cgroup.cpu": "works",
  "seccomp.filter": "works",
  "landlock.file-system": "works",
} as const;

const commands = {
  "cupel self-test": 0,
  "cupel run --memory 64M --pids 20 --cpus 0.5 -- /bin/true": 0,
  "cupel run --memory 32M -- /bin/dd if=/dev/zero of=/dev/null bs=64M count=1": 137,
  "cupel run --timeout 1s -- /bin/sleep 60": 124,
  "cupel run -- /bin/sh -c 'grep -q Seccomp:.2 /proc/self/status'": 0,
  "cupel run -- /bin/sh -c 'mount -t tmpfs tmpfs /tmp 2>/dev/null || kill -9 $$'": 137,
};

export default defineHost({
  title: "Linux 6.1 on arm64",
  kernel: "debian-12",
  architecture: "arm64",
  setUp: "echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  userSession: `mkdir -p /sys/fs/cgroup/user/shell
chown -R user /sys/fs/cgroup/user
echo $$ > /sys/fs/cgroup/user/shell/cgroup.procs
echo +cpu +memory +pids > /sys/fs/cgroup/user/cgroup.subtree_control`,
  truth: {
    root: { capabilities: everything, chosen: "namespaces", doctor: 0, commands },
    user: { capabilities: everything, chosen: "namespaces", doctor: 0, commands },
  },
});
