/** Another processor: Debian 12's kernel for arm64, and the release for it. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { delegation, everything, greedyJob, modestJob } from "./shared/delegated.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const truth = {
  capabilities: everything,
  chosen: "namespaces",
  doctor: 0,
  verdicts: withEveryCap,
  commands: {
    "cupel self-test": 0,
    [modestJob]: 0,
    [greedyJob]: 137,
    "cupel run --timeout 1s -- /bin/sleep 60": 124,
    "cupel run -- /bin/sh -c 'grep -q Seccomp:.2 /proc/self/status'": 0,
    "cupel run -- /bin/sh -c 'mount -t tmpfs tmpfs /tmp 2>/dev/null || kill -9 $$'": 137,
  },
} as const;

export default defineHost({
  title: "Linux 6.1 on arm64, cgroup v2, delegated",
  kernel: "debian-12",
  architecture: "arm64",
  ...delegation,
  truth: { root: truth, user: truth },
});
