/** AppArmor keeps user namespaces from whatever lies in /usr/local, as restricted distributions do by default. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";

export default defineHost({
  title: "Linux 6.12, an AppArmor profile without userns",
  kernel: "debian-13",
  bootParameters: "apparmor=1 security=apparmor",
  packages: ["apparmor", "bubblewrap", "libc6", "libcap2", "libpcre2-8-0", "libselinux1"],
  setUp: `printf '%s\\n' 'abi <abi/4.0>,' 'include <tunables/global>' 'profile restricted /usr/local/** {' \
  '  file, capability, network, mount, umount, pivot_root, ptrace, signal, unix, dbus,' '  /usr/bin/bwrap Px,' '}' \
  'profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }' > /etc/apparmor.d/restricted
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
