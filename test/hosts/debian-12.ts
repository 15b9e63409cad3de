/** Debian 12's kernel with a pure version 2 of control groups, handed to both callers. */
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
  "landlock.network": "absent",
  "kvm.open": "absent",
} as const;

const limits = "cupel run --memory 64M --pids 20 --cpus 0.5 -- /bin/true";
const tooMuch = "cupel run --memory 32M -- /bin/dd if=/dev/zero of=/dev/null bs=64M count=1";

export default defineHost({
  title: "Linux 6.1, control groups version 2, delegated",
  kernel: "debian-12",
  setUp: "echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  userSession: `mkdir -p /sys/fs/cgroup/user/shell
chown -R user /sys/fs/cgroup/user
echo $$ > /sys/fs/cgroup/user/shell/cgroup.procs
echo +cpu +memory +pids > /sys/fs/cgroup/user/cgroup.subtree_control`,
  truth: {
    root: { capabilities: everything, chosen: "namespaces", doctor: 0, commands: { [limits]: 0, [tooMuch]: 137 } },
    user: { capabilities: everything, chosen: "namespaces", doctor: 0, commands: { [limits]: 0, [tooMuch]: 137 } },
  },
});
