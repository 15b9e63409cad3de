/**
 * Debian 12's kernel with a pure version 2 of control groups, and a Docker daemon of root's that both callers may speak to,
 * and that gives its containers its own AppArmor profile, as it does on most machines that have both.
 */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { delegation, endsAs, everything, nothingLeft, runIntoCaps } from "./shared/delegated.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const capabilities = {
  ...everything,
  "program.docker": "works",
  "docker.engine": "works",
  "docker.run": "works",
} as const;

const inDocker = "cupel run --strategy docker --workspace none";

/** Of the jobs before it: no container, no image, no control group of the daemon's. */
const daemonHasNothing = {
  "! docker ps --all --quiet | grep .": 0,
  "! docker images --all --quiet | grep .": 0,
  "! find /sys/fs/cgroup/docker -mindepth 1 -type d | grep .": 0,
} as const;

const looksAround = "id -un; cat /proc/1/comm /proc/self/attr/current";

/** In a state of its own: what was attacked and held is preferred from then on, and the host's choice is to be seen. */
const attacked = "XDG_STATE_HOME=$HOME/attacked cupel verify --strategy docker --quick";

const commands = {
  [`test "$(${inDocker} -- /bin/sh -c '${looksAround}' | tr '\\n' ' ')" = 'job cupel docker-default (enforce) '`]: 0,
  [attacked]: 0,
} as const;

/** With caps that are kept by cupel's control groups, into which root moves what the daemon has started. */
const caps = {
  [`${inDocker} --memory 32M --pids 4 --cpus 0.5 -- /bin/true`]: 0,
  ...runIntoCaps(inDocker),
  [endsAs("timeout-wall", "--timeout 2s", "/bin/sleep 60", inDocker)]: 0,
} as const;

/** Nobody else may take it out of the daemon's. */
const noCaps = { [`${inDocker} --memory 32M -- /bin/true`]: 125 } as const;

const truth = { capabilities, chosen: "namespaces", doctor: 0, verdicts: withEveryCap } as const;

export default defineHost({
  title: "Linux 6.1, cgroup v2, delegated, Docker, AppArmor",
  kernel: "debian-12",
  modules: ["overlay", "fuse"],
  packages: ["docker.io", "apparmor"],
  dependencies: "all",
  memoryMib: 2048,
  // Beside a daemon, and with two strategies attacked by two callers.
  processorTimeS: 1200,
  ...delegation,
  setUp: `${delegation.setUp}
ln -s /run /var/run
dockerd --bridge=none --iptables=false --ip-forward=false --group user >/run/dockerd 2>&1 &
for second in $(seq 120); do docker version >/dev/null 2>&1 && break; sleep 1; done
docker version >/dev/null 2>&1 || cat /run/dockerd >/dev/console`,
  truth: {
    root: { ...truth, commands: { ...commands, ...caps, ...daemonHasNothing, ...nothingLeft } },
    user: { ...truth, commands: { ...commands, ...noCaps, ...daemonHasNothing, ...nothingLeft } },
  },
});
