/** AppArmor keeps user namespaces from bwrap alone: what stands at another path says nothing about cupel. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { appArmorPackages, loadProfile } from "./shared/apparmor.ts";
import { inNamespaces } from "./shared/verdicts.ts";

const truth = {
  capabilities: {
    "lsm.apparmor": "works",
    "userns.create": "works",
    "userns.capable": "works",
    "mount.private-root": "works",
    "program.bwrap": "blocked: lsm:apparmor",
  },
  chosen: "namespaces",
  doctor: 0,
  verdicts: inNamespaces,
} as const;

export default defineHost({
  title: "Linux 6.12, AppArmor denies bwrap, not us",
  kernel: "debian-13",
  bootParameters: "apparmor=1 security=apparmor",
  packages: appArmorPackages,
  setUp: loadProfile(
    "profile restricted /usr/bin/bwrap {",
    "  file, capability, network, mount, umount, pivot_root, ptrace, signal, unix, dbus,",
    "}",
  ),
  truth: { root: truth, user: truth },
});
