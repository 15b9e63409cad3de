/** Which package holds a program, by package manager. */

const installCommands = {
  "apt-get": "apt-get install -y",
  dnf: "dnf install -y",
  apk: "apk add",
  pacman: "pacman -S --needed --noconfirm",
  zypper: "zypper --non-interactive install",
} as const;

const removeCommands: Readonly<Record<PackageManager, string>> = {
  "apt-get": "apt-get remove -y",
  dnf: "dnf remove -y",
  apk: "apk del",
  pacman: "pacman -R --noconfirm",
  zypper: "zypper --non-interactive remove",
};

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

/** The commands that install a program and remove it again, without sudo; undefined where the manager has no package for it. */
export function packageCommands(
  program: string,
  manager: PackageManager | undefined,
): { readonly install: string; readonly remove: string } | undefined {
  const name = manager === undefined ? undefined : packages[program]?.[manager];
  if (manager === undefined || name === undefined) return undefined;
  return { install: `${installCommands[manager]} ${name}`, remove: `${removeCommands[manager]} ${name}` };
}
