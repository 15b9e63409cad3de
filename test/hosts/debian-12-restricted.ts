/** Debian's own switch for user namespaces is off, and no control group is handed on. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces, inProcess } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.1, unprivileged_userns_clone=0",
  kernel: "debian-12",
  setUp: "sysctl -w kernel.unprivileged_userns_clone=0",
  truth: {
    root: {
      capabilities: {
        "privilege.drop-identity": "works",
        "mount.private-root": "works",
        "cgroup.memory": "blocked: cgroup-delegation",
      },
      chosen: "namespaces",
      doctor: 0,
      // Without a control group, processes are counted by user namespace.
      verdicts: { ...inNamespaces, "limit.pids": "not-provided" },
      commands: { "cupel run --memory 64M -- /bin/true": 125 },
    },
    user: {
      capabilities: {
        "userns.create": "blocked: sysctl",
        "userns.capable": "blocked: sysctl",
        "cgroup.memory": "blocked: cgroup-delegation",
        "seccomp.filter": "works",
        "landlock.file-system": "works",
      },
      chosen: null,
      doctor: 1,
      verdicts: inProcess,
    },
  },
  remedies: [
    {
      caller: "user",
      capability: "userns.create",
      remedy: "allow-user-namespaces",
      commands: ["sysctl -w kernel.unprivileged_userns_clone=1"],
      after: { "userns.create": "works", "userns.capable": "works", "mount.private-root": "works" },
    },
  ],
});
