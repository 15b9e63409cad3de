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
  "cgroup.cpu-time": "works",
  "seccomp.filter": "works",
  "landlock.file-system": "works",
  "landlock.network": "absent",
  "kvm.open": "absent",
} as const;

const limits = "cupel run --memory 64M --pids 20 --cpus 0.5 -- /bin/true";
const tooMuch = "cupel run --memory 32M -- /bin/dd if=/dev/zero of=/dev/null bs=64M count=1";

/** Runs a job and looks for this status in its outcome. */
function endsAs(status: string, flags: string, command: string): string {
  return `cupel run --result /tmp/$$.json ${flags} -- ${command}; grep -q '"status": "${status}"' /tmp/$$.json`;
}

/** Exit codes of caps that are run into, each told by its own status; at last no group is left. */
const caps = {
  [limits]: 0,
  [tooMuch]: 137,
  [endsAs("out-of-memory", "--memory 32M", "/bin/dd if=/dev/zero of=/dev/null bs=64M count=1")]: 0,
  [endsAs("out-of-memory", "--memory 32M", "/bin/sh -c '/bin/dd if=/dev/zero of=/dev/null bs=64M; exit 0'")]: 0,
  [endsAs("limit-pids", "--pids 5", "/bin/sh -c 'for i in 1 2 3 4 5 6 7; do sleep 9 & done; wait'")]: 0,
  [endsAs("timeout-cpu", "--cpu-time 300ms", "/bin/sh -c '(while :; do :; done) & while :; do :; done'")]: 0,
  [endsAs("timeout-wall", "--timeout 300ms --cpu-time 60s", "/bin/sleep 60")]: 0,
  [endsAs("signalled", "--memory 32M --pids 5", "/bin/sh -c 'kill -9 $$'")]: 0,
  "(cupel run --memory 64M --cpu-time 60s -- /bin/sleep 4 & sleep 2; cat /sys/fs/cgroup/cupel-*/memory.swap.max /sys/fs/cgroup/user/cupel-*/memory.swap.max 2>/dev/null | grep -qx 0; found=$?; wait; exit $found)": 0,
  "ls -d /sys/fs/cgroup/cupel-* /sys/fs/cgroup/user/cupel-*": 1,
};

export default defineHost({
  title: "Linux 6.1, control groups version 2, delegated",
  kernel: "debian-12",
  setUp: "echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  userSession: `mkdir -p /sys/fs/cgroup/user/shell
chown -R user /sys/fs/cgroup/user
echo $$ > /sys/fs/cgroup/user/shell/cgroup.procs
echo +cpu +memory +pids > /sys/fs/cgroup/user/cgroup.subtree_control`,
  truth: {
    root: { capabilities: everything, chosen: "namespaces", doctor: 0, commands: caps },
    user: { capabilities: everything, chosen: "namespaces", doctor: 0, commands: caps },
  },
});
