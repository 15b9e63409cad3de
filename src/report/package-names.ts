/** Which package holds a program, by package manager. */

const installCommands = {
  "apt-get": "apt-get install -y",
  dnf: "dnf install -y",
  apk: "apk add",
  pacman: "pacman -S --needed",
  zypper: "zypper install -y",
} as const;

/** A package manager that cupel knows. */
export type PackageManager = keyof typeof installCommands;

/** Those that cupel knows, in the order in which they are looked for. */
export const packageManagers = Object.keys(installCommands) as PackageManager[];

type Names = Readonly<Partial<Record<PackageManager, string>>>;

/** Where all of them agree on the name. */
function everywhere(name: string): Names {
  return { "apt-get": name, dnf: name, apk: name, pacman: name, zypper: name };
}

const qemu: Names = {
  "apt-get": "qemu-system-x86",
  dnf: "qemu-system-x86-core",
  apk: "qemu-system-x86_64",
  pacman: "qemu-system-x86",
  zypper: "qemu-x86",
};

/** Programs that cupel may drive. What a distribution does not package has no entry for it. */
const packages: Readonly<Record<string, Names>> = {
  bwrap: everywhere("bubblewrap"),
  newuidmap: { "apt-get": "uidmap", dnf: "shadow-utils", apk: "shadow-uidmap", pacman: "shadow", zypper: "shadow" },
  newgidmap: { "apt-get": "uidmap", dnf: "shadow-utils", apk: "shadow-uidmap", pacman: "shadow", zypper: "shadow" },
  pasta: everywhere("passt"),
  slirp4netns: everywhere("slirp4netns"),
  "fuse-overlayfs": everywhere("fuse-overlayfs"),
  podman: everywhere("podman"),
  docker: { ...everywhere("docker"), "apt-get": "docker.io", dnf: "moby-engine" },
  crun: everywhere("crun"),
  runc: everywhere("runc"),
  runsc: { "apt-get": "runsc" },
  firejail: everywhere("firejail"),
  unshare: everywhere("util-linux"),
  setfacl: everywhere("acl"),
  qemu,
  "qemu-system-x86_64": qemu,
};

/** The first of these texts' words that is a program of the table. */
export function findProgram(texts: readonly string[]): string | undefined {
  const words = texts.flatMap((text) => text.split(/[^\w-]+/u));
  return words.find((word) => Object.hasOwn(packages, word));
}

/** The command that installs a program, without sudo; undefined where the manager has no package for it. */
export function installCommand(program: string, manager: PackageManager | undefined): string | undefined {
  const name = manager === undefined ? undefined : packages[program]?.[manager];
  return manager === undefined || name === undefined ? undefined : `${installCommands[manager]} ${name}`;
}
