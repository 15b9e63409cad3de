/** A Debian with systemd: root is called in a service, the ordinary user by a manager of that user's own. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { greedyJob } from "./shared/delegated.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const limits = "cupel run --memory 64M --pids 20 --cpus 0.5 --cpu-time 10s -- /bin/true";
const tooMany = "cupel run --pids 5 -- /bin/sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done'";

const delegated = {
  "userns.capable": "works",
  "systemd.system": "works",
  "cgroup.mode": "works",
  "cgroup.memory": "works",
  "cgroup.pids": "works",
  "cgroup.cpu": "works",
  "cgroup.kill": "works",
  "cgroup.delegation": "works",
  // The manager hands on neither unless a unit asks for it.
  "cgroup.io": "blocked: cgroup-delegation",
  "cgroup.cpuset": "blocked: cgroup-delegation",
} as const;

const commands = { [limits]: 0, [greedyJob]: 137, [tooMany]: 2 };

export default defineHost({
  title: "Linux 6.1, systemd, a manager for the user",
  kernel: "debian-12",
  init: "systemd",
  truth: {
    root: {
      capabilities: { ...delegated, "cgroup.user-manager": "blocked: cgroup-delegation" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: withEveryCap,
      // Called without the manager, the same user is in a group of root's.
      commands: { ...commands, "su user -c 'cd; cupel run --memory 64M -- /bin/true'": 125 },
    },
    user: {
      capabilities: { ...delegated, "cgroup.user-manager": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: withEveryCap,
      commands,
    },
  },
});
