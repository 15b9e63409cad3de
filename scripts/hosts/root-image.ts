/** The disk that a host of the lab has its root on: made once for each build of cupel, and kept beside it in dist. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { repositoryRoot, sha256 } from "../source/repository.ts";
import { applets, busyboxPath } from "./busybox.ts";
import type { Programs } from "./lab-executable.ts";
import type { LabHost } from "./lab-host.ts";
import { obtainPackages, obtainSystem, placeOfPackages, runTool } from "./packages.ts";

const imagesDirectory = join(repositoryRoot, "dist/host-images");

/** Most of it is a hole in the file: what a host writes goes to a layer that QEMU throws away. */
const size = "3G";

/** The image for this host, of what is there now. @throws Error where it cannot be made. */
export function obtainRootImage(host: LabHost, programs: Programs): string {
  const trees = treesOf(host);
  const name = nameOf(host);
  const image = join(imagesDirectory, `${name}.${hashOf(trees, programs)}.img`);
  if (existsSync(image)) return image;
  const work = join(imagesDirectory, `${name}.${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    stage(work, host, programs, trees);
    const made = `${work}.new`;
    runTool([...asRoot(), "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-d", work, made, size]);
    removeOlder(name, image);
    renameSync(made, image);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return image;
}

// --- internal ---

/** Hosts with the same packages share a root, whatever their kernels. */
function nameOf(host: LabHost): string {
  const { kernel, architecture = "x64", packages = [], init } = host;
  if (init === "systemd") return `${kernel}-systemd`;
  return packages.length === 0 ? architecture : placeOfPackages(host);
}

/** Directories whose content comes into the root, in this order. */
function treesOf(host: LabHost): string[] {
  const { kernel, packages = [], init } = host;
  const system = init === "systemd" ? [obtainSystem(kernel)] : [];
  return packages.length === 0 ? system : [...system, obtainPackages(host)];
}

/** Of everything that is in it, and of how it is made. Packages that are fetched once more are another directory. */
function hashOf(trees: readonly string[], { cupel, busybox, libraries }: Programs): string {
  const files = [import.meta.path, cupel, busybox, ...Object.values(libraries)];
  const fetched = trees.map((path) => `${path} ${lstatSync(path).ctimeMs}\n`);
  return sha256(...fetched, applets.join(" "), ...files.map((path) => readFileSync(path))).slice(0, 16);
}

/** mke2fs takes owners over as it sees them: an ordinary user's files shall be root's. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? [] : ["unshare", "--user", "--map-root-user"];
}

/** All but this one, which another run may have made meanwhile, and use. */
function removeOlder(name: string, image: string): void {
  const images = readdirSync(imagesDirectory).filter((entry) => entry.startsWith(`${name}.`) && entry.endsWith(".img"));
  const older = images.map((entry) => join(imagesDirectory, entry)).filter((path) => path !== image);
  for (const path of older) rmSync(path, { force: true });
}

function stage(root: string, host: LabHost, programs: Programs, trees: readonly string[]): void {
  if (host.init !== "systemd") stagePlainRoot(root, programs);
  for (const tree of trees) {
    const packed = ["tar", "--extract", "--keep-directory-symlink", "--file", "-", "--directory", root];
    runTool(["sh", "-c", `tar --create --file - --directory "$0" . | "$@"`, tree, ...packed]);
  }
  const own = join(root, "usr/local/bin/cupel");
  mkdirSync(dirname(own), { recursive: true });
  copyFileSync(programs.cupel, own);
  chmodSync(own, 0o755);
}

const plainDirectories =
  "dev etc home/user new proc root run sys tmp usr/bin usr/lib usr/lib64 usr/local/bin usr/sbin var/lib var/tmp";

const plainFiles = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n",
  "etc/group": "root:x:0:\nuser:x:1000:\n",
  "etc/os-release": 'PRETTY_NAME="cupel host lab"\n',
} as const;

/** busybox, accounts, and the libraries that cupel is linked with; laid out like a Debian, for packages to go into. */
function stagePlainRoot(root: string, { busybox, libraries }: Programs): void {
  for (const name of plainDirectories.split(" ")) mkdirSync(join(root, name), { recursive: true });
  for (const name of ["tmp", "var/tmp"]) chmodSync(join(root, name), 0o1777);
  for (const name of ["bin", "lib", "lib64", "sbin"]) symlinkSync(`usr/${name}`, join(root, name));
  for (const [name, text] of Object.entries(plainFiles)) writeFileSync(join(root, name), text);
  for (const [path, from] of Object.entries({ ...libraries, [busyboxPath]: busybox })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(from, join(root, path));
    chmodSync(join(root, path), 0o755);
  }
  for (const name of applets) symlinkSync("busybox", join(root, "bin", name));
}
