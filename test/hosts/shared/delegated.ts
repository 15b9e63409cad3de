/** A host where everything that cupel needs works: control groups of version 2, handed to both callers. */
import type { Expectation, LabHost } from "../../../scripts/hosts/lab-host.ts";

/** How they are handed on. */
export const delegation = {
  setUp: "echo +cpu +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  userSession: `mkdir -p /sys/fs/cgroup/user/shell
chown -R user /sys/fs/cgroup/user
echo $$ > /sys/fs/cgroup/user/shell/cgroup.procs
echo +cpu +memory +pids > /sys/fs/cgroup/user/cgroup.subtree_control`,
} as const satisfies Partial<LabHost>;

/** What then works for both. */
export const everything = {
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
} as const satisfies Readonly<Record<string, Expectation>>;

/** A job with caps that it stays below. */
export const modestJob = "cupel run --memory 64M --pids 20 --cpus 0.5 -- /bin/true";

/** A job that takes more memory than it may: it is killed. */
export const greedyJob = "cupel run --memory 32M -- /bin/dd if=/dev/zero of=/dev/null bs=64M count=1";
