/** Nothing can be written but /run and a /tmp that is noexec, as in appliances. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

/** What could be executed lies below /dev, of which a job has its own: attacks need another place. */
const commands = {
  "cupel verify --quick": 70,
  "cupel verify --quick 2>&1 | grep -q 'Set TMPDIR'": 0,
};

export default defineHost({
  title: "Linux 6.1, read-only root, noexec /tmp",
  kernel: "debian-12",
  packages: ["bubblewrap", "libcap2", "libpcre2-8-0", "libselinux1"],
  setUp: `mount -t tmpfs -o noexec,mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mount -o remount,ro /`,
  truth: {
    root: {
      capabilities: { "userns.capable": "works", "mount.private-root": "works", "program.bwrap": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: null,
      commands: { ...commands, "TMPDIR=/run cupel verify --quick --guarantee fs.read": 0 },
    },
    user: {
      // Where nothing else can be written, cupel keeps what it runs in /dev/shm, which a sandbox hides by a /dev of its own.
      capabilities: { "userns.capable": "works", "program.bwrap": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: null,
      commands,
    },
  },
});
