/**
 * A Debian with systemd: root is called in a service, the ordinary user by a manager of that user's own, and by way of
 * su in a login session.
 */
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
  // Version 252.
  "systemd.run": "absent: package-version",
} as const;

const commands = { [limits]: 0, [greedyJob]: 137, [tooMany]: 2 };

/** pam_systemd(8) opens a session: its scope is root's. */
const inSession = (command: string): string => `su user -c 'cd; ${command.replaceAll("'", "'\\''")}'`;

/** What the session's user gets, asked of the doctor first, so that the runs have its report to go by. */
const session = {
  [inSession("grep -q /session- /proc/self/cgroup")]: 0,
  [inSession("cupel doctor --json | grep -q 'cupel left its login session.s scope for one of the user.s own manager'")]:
    0,
  [inSession(limits)]: 0,
  [inSession(`${greedyJob.replace("run", "run --result outcome.json")} || echo $? >code; grep -qx 137 code`)]: 0,
  [inSession('grep -q \'"status": *"out-of-memory"\' outcome.json')]: 0,
  [inSession("grep -q 'below the user.s systemd manager (memory)' outcome.json")]: 0,
  [inSession("cupel run --fresh --memory 64M -- /bin/true")]: 0,
  [inSession(`echo '{"command":["/bin/true"]}' | cupel run --batch - --memory 64M --cpus 0.5`)]: 0,
  // The report says that the manager helps, and now it cannot be asked: probed again, nothing is said to hold.
  [inSession("PATH=/usr/local/bin cupel run --memory 64M -- /bin/true")]: 125,
  [inSession("PATH=/usr/local/bin cupel run -- /bin/true")]: 0,
  "! find /sys/fs/cgroup -name 'cupel*' | grep .": 0,
  // In a service it stays, whoever runs it: the service's limits, and its end, are meant for all that it started.
  "setpriv --reuid=user --regid=user --init-groups env HOME=/home/user sh -c 'cd; cupel run --memory 64M -- /bin/true'": 125,
};

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
      commands: { ...commands, ...session },
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
