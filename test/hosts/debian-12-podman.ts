/** Debian 12's kernel with a pure version 2 of control groups, handed to both callers, and a Podman that runs jobs. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { delegation, endsAs, everything, nothingLeft, runIntoCaps } from "./shared/delegated.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const capabilities = {
  ...everything,
  "program.podman": "works",
  "program.crun": "works",
  "podman.info": "works",
  "podman.run": "works",
} as const;

const inPodman = "cupel run --strategy podman --workspace none";

/** With caps that are kept by cupel's control groups, which hold the job and not Podman; nothing of either is left. */
const commands = {
  [`test "$(${inPodman} -- /bin/sh -c 'id -un; cat /proc/1/comm' | tr '\\n' ' ')" = 'job cupel '`]: 0,
  [`${inPodman} --memory 32M --pids 4 --cpus 0.5 -- /bin/true`]: 0,
  ...runIntoCaps(inPodman),
  [endsAs("timeout-wall", "--timeout 2s", "/bin/sleep 60", inPodman)]: 0,
  "cupel verify --strategy podman --quick": 0,
  ...nothingLeft,
  "! cat /proc/[0-9]*/comm 2>/dev/null | grep -E '^(podman|conmon|crun)$'": 0,
} as const;

const truth = { capabilities, chosen: "namespaces", doctor: 0, verdicts: withEveryCap, commands } as const;

export default defineHost({
  title: "Linux 6.1, cgroup v2, delegated, Podman",
  kernel: "debian-12",
  modules: ["overlay", "fuse"],
  packages: ["podman", "crun", "uidmap"],
  dependencies: "all",
  memoryMib: 2048,
  ...delegation,
  setUp: `${delegation.setUp}
echo user:100000:65536 | tee /etc/subuid > /etc/subgid
chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap`,
  truth: { root: truth, user: truth },
});
