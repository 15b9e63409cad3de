/** Hosts that every run of the tests boots: one of each kind; the others are for a change of probes or launcher. */
export const defaultHosts: readonly string[] = [
  "debian-12",
  "debian-11",
  "debian-12-restricted",
  "debian-12-no-namespaces",
  "debian-12-cgroup-v1",
  "debian-12-initramfs",
  "debian-13",
  "debian-13-apparmor",
];

/** Those whose sandboxes are attacked, too, which takes as long again. */
export const attackedByDefault: readonly string[] = ["debian-12"];
