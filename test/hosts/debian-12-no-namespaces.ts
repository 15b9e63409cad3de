/** The administrator allows no user namespaces at all. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { inNamespaces, inProcess } from "./shared/verdicts.ts";

export default defineHost({
  title: "Linux 6.1, user.max_user_namespaces=0",
  kernel: "debian-12",
  setUp: "sysctl -w user.max_user_namespaces=0",
  truth: {
    root: {
      capabilities: { "userns.create": "blocked: ns-limit", "mount.private-root": "works" },
      chosen: "namespaces",
      doctor: 0,
      // Without a control group, processes are counted by user namespace.
      verdicts: { ...inNamespaces, "limit.pids": "not-provided" },
    },
    user: {
      capabilities: { "userns.create": "blocked: ns-limit", "userns.capable": "blocked: ns-limit" },
      chosen: null,
      doctor: 1,
      verdicts: inProcess,
      commands: { "cupel run --accept-missing all -- /bin/true": 0 },
    },
  },
  remedies: [
    {
      caller: "user",
      capability: "userns.create",
      remedy: "raise-namespace-quota",
      commands: ["sysctl -w user.max_user_namespaces=28633"],
      after: { "userns.create": "works", "userns.capable": "works" },
    },
  ],
});
