/** AppArmor keeps user namespaces from whatever lies in /usr/local, as restricted distributions do; bwrap may make them. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { appArmorPackages, loadProfile } from "./shared/apparmor.ts";
import { inNamespaces } from "./shared/verdicts.ts";

/** Names the profile and what it denies. */
const denial = "the label restricted (enforce) may not create a user namespace";

export default defineHost({
  title: "Linux 6.12, AppArmor denies us, not bwrap",
  kernel: "debian-13",
  bootParameters: "apparmor=1 security=apparmor",
  packages: appArmorPackages,
  setUp: loadProfile(
    "profile restricted /usr/local/** {",
    "  file, capability, network, mount, umount, pivot_root, ptrace, signal, unix, dbus,",
    "  /usr/bin/bwrap Px,",
    "}",
    "profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }",
  ),
  truth: {
    // Root needs no user namespace; such a profile refuses mounts that were made detached, for all its rule "mount", so
    // they are made by path.
    root: {
      capabilities: {
        "lsm.apparmor": "works",
        "userns.create": "blocked: lsm:apparmor",
        "mount.private-root": "works",
        "program.bwrap": "works",
      },
      chosen: "namespaces",
      doctor: 0,
      // Without a control group, processes are counted by user namespace.
      verdicts: { ...inNamespaces, "limit.pids": "not-provided" },
    },
    user: {
      capabilities: {
        "userns.create": "blocked: lsm:apparmor",
        "userns.capable": "blocked: lsm:apparmor",
        "program.bwrap": "works",
      },
      // What bwrap may make is a sandbox as good as our own.
      chosen: "bubblewrap",
      doctor: 0,
      verdicts: { ...inNamespaces, "limit.pids": "not-provided" },
      commands: {
        "cd; cupel run --workspace ro -- /bin/sh -c 'id -un' | grep -qx job": 0,
        "cd; cupel run --strategy namespaces -- /bin/true": 125,
        [`cupel doctor --all | grep -q '${denial}'`]: 0,
      },
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
      undo: ["apparmor_parser -R /etc/apparmor.d/usr.local.bin.cupel", "rm /etc/apparmor.d/usr.local.bin.cupel"],
      after: { "userns.create": "works", "userns.capable": "works", "mount.private-root": "works" },
    },
  ],
});
