/** Debian 12's kernel with a pure version 2 of control groups, handed to both callers. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { delegation, endsAs, everything, greedyJob, modestJob, nothingLeft, runIntoCaps } from "./shared/delegated.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const capabilities = {
  ...everything,
  "cgroup.cpu-time": "works",
  // Layers on a tmpfs are what is missing, before Linux 6.6.
  "mount.overlay-user": "degraded: kernel-version",
  "landlock.network": "absent",
  "kvm.open": "absent",
} as const;

/** Exit codes of caps that are run into, each told by its own status; at last no group is left. */
const caps = {
  [modestJob]: 0,
  [greedyJob]: 137,
  [endsAs("out-of-memory", "--memory 32M", "/bin/sh -c '/bin/dd if=/dev/zero of=/dev/null bs=64M; exit 0'")]: 0,
  ...runIntoCaps(),
  [endsAs("timeout-wall", "--timeout 300ms --cpu-time 60s", "/bin/sleep 60")]: 0,
  [endsAs("signalled", "--memory 32M --pids 5", "/bin/sh -c 'kill -9 $$'")]: 0,
  "(cupel run --memory 64M --cpu-time 60s -- /bin/sleep 4 & sleep 2; cat /sys/fs/cgroup/cupel-*/memory.swap.max /sys/fs/cgroup/user/cupel-*/memory.swap.max 2>/dev/null | grep -qx 0; found=$?; wait; exit $found)": 0,
  ...nothingLeft,
};

/** A job's changes are kept apart from the workspace until they are applied. */
const changes = {
  "cd; mkdir -p project; cd project; cupel run -- /bin/touch made; ls made": 1,
  "cd ~/project; cupel apply $(cupel changes | sed -n '1s/^\\([^ ]*\\) .*/\\1/p') && ls made": 0,
};

const commands = { ...caps, ...changes };

export default defineHost({
  title: "Linux 6.1, cgroup v2, delegated",
  kernel: "debian-12",
  modules: ["overlay"],
  ...delegation,
  truth: {
    root: {
      capabilities: { ...capabilities, "mount.overlay": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: withEveryCap,
      commands,
    },
    user: { capabilities, chosen: "namespaces", doctor: 0, verdicts: withEveryCap, commands },
  },
});
