/** Debian 13 with systemd 257: units of root's manager, and of the ordinary user's own, run jobs. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { endsAs, runIntoCaps } from "./shared/delegated.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const capabilities = {
  "userns.capable": "works",
  "systemd.system": "works",
  "program.systemd-run": "works",
  "systemd.run": "works",
  "cgroup.mode": "works",
  "cgroup.memory": "works",
  "cgroup.pids": "works",
  "cgroup.cpu": "works",
} as const;

const inUnit = "cupel run --strategy systemd --workspace none";

/** A job's root and /proc are its own, and the journal's sockets are not there. */
const looksAround = "id -un; cat /proc/1/comm; hostname; ls /run/systemd/journal 2>/dev/null";

/** Kills, once the job is there, what `pattern` finds, and tells of what is left of it by then. */
function killed(pattern: string): string {
  return [
    `${inUnit} -- /bin/sleep 4321 & for one in $(seq 300); do pgrep -x -f '/bin/sleep 4321' >/dev/null && break; sleep 0.1; done`,
    `pkill -9 -f '${pattern}'; wait; for one in $(seq 100); do pgrep -x -f '/bin/sleep 4321' >/dev/null || break; sleep 0.1; done`,
    "! pgrep -x -f '/bin/sleep 4321'",
  ].join("\n");
}

/** While a job runs root mounts something below what it was granted: it is none of the job's, and taken away again. */
const mountsMeanwhile = [
  `mkfifo /run/go; ${inUnit} --read /srv/below -- /bin/sh -c 'read go; ls -A /srv/below/new' </run/go >/run/seen & exec 7>/run/go`,
  "for one in $(seq 300); do pgrep -f '^/bin/sh -c read go' >/dev/null && break; sleep 0.1; done",
  "mount -t tmpfs none /srv/below/new && : >/srv/below/new/seen; echo go >&7; umount /srv/below/new || exit 1; wait",
  "! grep . /run/seen",
].join("\n");

const commands = {
  [`test "$(${inUnit} --read /srv/below -- /bin/cat /srv/below/one/file)" = there`]: 0,
  [`test "$(${inUnit} --read /srv/below --deny /srv/below/one -- /bin/sh -c 'cat /srv/below/one/file; ls /srv/below' 2>/dev/null | tr '\\n' ' ')" = 'new one '`]: 0,
  [`test "$(${inUnit} -- /bin/sh -c '${looksAround.replaceAll("'", `'\\''`)}' | tr '\\n' ' ')" = 'job cupel job '`]: 0,
  [`${inUnit} --memory 32M --pids 4 --cpus 0.5 -- /bin/true`]: 0,
  [`test "$(echo in | ${inUnit} --secret TOKEN=file:/etc/hostname -- /bin/sh -c 'cat; wc -c </run/secrets/TOKEN; exit 7' | head -1)" = in`]: 0,
  [`${inUnit} -- /bin/sh -c 'exit 7'`]: 7,
  [`mkdir -p given && ${inUnit} --write $PWD/given -- /bin/sh -c "echo made >$PWD/given/made" && grep -q made given/made && test -O given/made`]: 0,
  ...runIntoCaps(inUnit),
  [endsAs("timeout-wall", "--timeout 2s", "/bin/sleep 60", inUnit)]: 0,
  [killed("^cupel run --strategy systemd")]: 0,
  [killed("^/usr/bin/systemd-run ")]: 0,
  "for ms in 60 90 120 150 180 210 240; do cupel run --strategy systemd --workspace none --timeout ${ms}ms -- /bin/true; done; true": 0,
  "cupel verify --strategy systemd --quick": 0,
} as const;

/** Of the jobs before it: no unit, no control group, no place. */
const nothingLeft = {
  "! systemctl list-units --all --plain --no-legend 'cupel-*' | grep .": 0,
  "! find /sys/fs/cgroup -name 'cupel*' | grep .": 0,
} as const;

const truth = { capabilities, chosen: "namespaces", doctor: 0, verdicts: withEveryCap } as const;

export default defineHost({
  title: "Linux 6.12, systemd 257, a manager for the user",
  kernel: "debian-13",
  init: "systemd",
  memoryMib: 2048,
  setUp:
    "mkdir -p /srv/below/one /srv/below/new && mount -t tmpfs -o mode=755 none /srv/below/one && echo there >/srv/below/one/file",
  truth: {
    root: { ...truth, commands: { ...commands, [mountsMeanwhile]: 0, ...nothingLeft } },
    user: {
      ...truth,
      commands: { ...commands, "! systemctl --user list-units --all --plain --no-legend 'cupel-*' | grep .": 0 },
    },
  },
});
