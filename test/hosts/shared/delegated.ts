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

/** Runs a job, by this command where another strategy is to do it, and looks for this status in its outcome. */
export function endsAs(status: string, flags: string, command: string, run = "cupel run"): string {
  return `${run} --result /tmp/$$.json ${flags} -- ${command}; grep -q '"status": "${status}"' /tmp/$$.json`;
}

/** Caps of a control group's, each run into, and told by its own status. */
export function runIntoCaps(run?: string): Readonly<Record<string, number>> {
  return {
    [endsAs("out-of-memory", "--memory 32M", "/bin/dd if=/dev/zero of=/dev/null bs=64M count=1", run)]: 0,
    [endsAs("limit-pids", "--pids 5", "/bin/sh -c 'for i in 1 2 3 4 5 6 7; do sleep 9 & done; wait'", run)]: 0,
    [endsAs("timeout-cpu", "--cpu-time 300ms", "/bin/sh -c '(while :; do :; done) & while :; do :; done'", run)]: 0,
  };
}

/** Of the jobs before it, no control group. */
export const nothingLeft = { "! find /sys/fs/cgroup -maxdepth 3 -name 'cupel-*' | grep .": 0 } as const;
