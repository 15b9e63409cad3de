/** AppArmor keeps user namespaces from whatever lies in /usr/local, as restricted distributions do by default. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

const libraries = "/packages/usr/lib/x86_64-linux-gnu";

export default defineHost({
  title: "Linux 6.12, an AppArmor profile without userns",
  kernel: "debian-13",
  processors: 1,
  bootParameters: "apparmor=1 security=apparmor",
  packages: ["apparmor", "libc6"],
  setUp: `mkdir -p /etc/apparmor.d /var/cache/apparmor
cp -a /packages/etc/apparmor.d/abi /packages/etc/apparmor.d/tunables /etc/apparmor.d/
printf '#!/bin/sh\\nexec ${libraries}/ld-linux-x86-64.so.2 --library-path ${libraries} /packages/usr/sbin/apparmor_parser "$@"\\n' > /sbin/apparmor_parser
chmod 755 /sbin/apparmor_parser
printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' 'profile restricted /usr/local/** {' \
  '  file, capability, network, mount, umount, pivot_root, ptrace, signal, unix, dbus,' '}' > /etc/apparmor.d/restricted
apparmor_parser -r /etc/apparmor.d/restricted`,
  truth: {
    // Root needs no user namespace; such a profile refuses mounts that were made detached, for all its rule "mount", so
    // they are made by path.
    root: {
      capabilities: {
        "lsm.apparmor": "works",
        "userns.create": "blocked: lsm:apparmor",
        "mount.private-root": "works",
      },
      chosen: "namespaces",
      doctor: 0,
    },
    user: {
      capabilities: { "userns.create": "blocked: lsm:apparmor", "userns.capable": "blocked: lsm:apparmor" },
      chosen: null,
      doctor: 1,
    },
  },
  remedies: [
    {
      caller: "user",
      capability: "userns.create",
      remedy: "attach-apparmor-profile",
      commands: [
        "printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' 'profile usr.local.bin.cupel /usr/local/bin/cupel flags=(unconfined) {' '  userns,' '}' | tee /etc/apparmor.d/usr.local.bin.cupel",
        "apparmor_parser -r /etc/apparmor.d/usr.local.bin.cupel",
      ],
      after: { "userns.create": "works", "userns.capable": "works", "mount.private-root": "works" },
    },
  ],
});
