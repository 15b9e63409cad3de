/** What is inside a host of the lab: a root of busybox and cupel, and a first process that does as told and reports. */
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { directory, file, link, packArchive, type ArchiveEntry } from "./archive.ts";
import type { LabHost } from "./lab-host.ts";
import { emulators } from "./emulator.ts";
import type { Programs } from "./lab-executable.ts";
import { loadModules, obtainPackages, obtainSystem, type Kernel } from "./packages.ts";

/** One command line in the guest. */
export interface GuestStep {
  readonly name: string;
  readonly caller: "root" | "user";
  readonly command: string;
}

const applets =
  "ash base64 cat chgrp chmod chown chroot cp cut date dd dmesg echo env false grep gzip head hostname id insmod ip kill " +
  "ln ls mkdir mknod mount mv nproc poweroff ps pwd readlink rm rmdir rmmod sed setsid sh sleep sort stat stty su " +
  "switch_root sync sysctl tail tee test touch tr true umount uname wc which xargs";

/** Its path in the guest. */
const busyboxPath = "/bin/busybox";

function parentsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.slice(0, -1).map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** Lines that run one step and write what it did to the second serial line. */
function stepLines({ name, caller, command }: GuestStep): string {
  const quoted = command.replaceAll("'", `'\\''`);
  return `report ${name} ${caller} '${quoted}'`;
}

function inOrder(host: LabHost, steps: readonly GuestStep[]): string[] {
  const first = steps.findIndex(({ caller }) => caller === "user");
  const lines = steps.map(stepLines);
  const session = first < 0 ? [] : lines.splice(0, first).concat(host.userSession ?? "");
  return [host.setUp ?? "", ...session, ...lines, "echo '@@ over' >&3"];
}

/** What systemd runs as a service of its own: the same, and the user's steps by the user's own manager. */
export function renderService(host: LabHost, steps: readonly GuestStep[]): string {
  const { resultsDevice } = emulators[host.architecture ?? "x64"];
  return [head, waitForManager, reporting(resultsDevice, "user_manager"), ...inOrder(host, steps), "poweroff -f"].join(
    "\n",
  );
}

/** The first process's script: steps in their order, and the user's session before the first step of the user's. */
export function renderInit(host: LabHost, steps: readonly GuestStep[]): string {
  const move = host.staysInInitramfs === true ? "" : switchRoot;
  const { resultsDevice } = emulators[host.architecture ?? "x64"];
  return [head, move, mounts, reporting(resultsDevice, "su user -c"), ...inOrder(host, steps), "poweroff -f"].join(
    "\n",
  );
}

const head = `#!/bin/sh
export PATH=/usr/local/bin:/usr/bin:/bin:/sbin HOME=/root LANG=C.UTF-8`;

/** The root of an initramfs cannot be pivoted away from: most hosts have another. */
const switchRoot = `if [ ! -e /switched ]; then
  mkdir /new
  mount -t tmpfs -o size=75%,mode=755 tmpfs /new
  cp -a /bin /etc /home /init /lib /lib64 /modules /root /run /sbin /usr /var /new/
  [ ! -d /packages ] || cp -a /packages /new/
  mkdir -p /new/proc /new/sys /new/dev /new/tmp
  chmod 1777 /new/tmp
  : > /new/switched
  exec switch_root /new /init
fi`;

const mounts = `mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
for module in /modules/*.ko; do [ ! -e "$module" ] || insmod "$module"; done
ip link set lo up`;

/** The function that runs a step and writes what it did. */
const reporting = (resultsDevice: string, asUser: string): string => `stty -F ${resultsDevice} raw
exec 3>${resultsDevice}
report() {
  cd /tmp
  if [ "$2" = root ]; then
    HOME=/root sh -c "$3" >/run/output 2>/run/errors </dev/null
  else
    ${asUser} "cd; $3" >/run/output 2>/run/errors </dev/null
  fi
  echo "@@ $1 $?" >&3
  gzip -c /run/output | base64 >&3
  echo "@@ errors" >&3
  gzip -c /run/errors | base64 >&3
}`;

/** Until the ordinary user's manager runs; what a session of the user's own would have, for what it is to run. */
const waitForManager = `for second in $(seq 60); do systemctl -q is-active user@1000.service && break; sleep 1; done
user_manager() {
  setpriv --reuid=user --regid=user --init-groups env -i HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000 PATH="$PATH" \\
    systemd-run --user --pipe --wait --quiet --collect sh -c "$1"
}`;

/** Into a file system in memory, since the root of an initramfs cannot be pivoted away from; then systemd. */
const systemdInit = `${head}
mkdir /new
mount -t tmpfs -o size=75%,mode=755 tmpfs /new
for entry in /*; do case $entry in /new | /proc | /sys | /dev) ;; *) cp -a "$entry" /new/ ;; esac; done
mkdir -p /new/proc /new/sys /new/dev /new/var/lib/systemd/linger
chroot /new useradd --create-home --uid 1000 --shell /bin/sh user
: > /new/var/lib/systemd/linger/user
exec switch_root /new /lib/systemd/systemd`;

const service = `[Unit]
Description=what is tried in this host
[Service]
Type=idle
ExecStart=/bin/sh /steps
`;

function systemdEntries(host: LabHost, cupel: string, steps: readonly GuestStep[]): ArchiveEntry[] {
  return [
    ...copyTree(obtainSystem(host.kernel), ""),
    file("/usr/local/bin/cupel", readFileSync(cupel), 0o755),
    file("/etc/systemd/system/steps.service", service),
    directory("/etc/systemd/system/multi-user.target.wants"),
    link("/etc/systemd/system/multi-user.target.wants/steps.service", "/etc/systemd/system/steps.service"),
    link("/etc/systemd/system/default.target", "/lib/systemd/system/multi-user.target"),
    file("/steps", renderService(host, steps)),
    file("/init", systemdInit, 0o755),
  ];
}

function rootEntries({ cupel, busybox, libraries }: Programs): ArchiveEntry[] {
  const programs = { ...libraries, "/usr/local/bin/cupel": cupel };
  const copied = Object.entries(programs).map(([path, from]) => file(path, readFileSync(from), 0o755));
  const directories = [
    "/proc",
    "/sys",
    "/dev",
    "/etc",
    "/run",
    "/root",
    "/sbin",
    "/var/lib",
    "/lib64",
    "/lib",
    "/modules",
  ];
  const parents = copied.flatMap(({ path }) => parentsOf(path));
  const all = new Set([...directories, "/bin", "/usr/bin", "/var", "/home", ...parents]);
  return [
    ...[...all].toSorted().map((path) => directory(path)),
    directory("/tmp", 0o1777),
    directory("/home/user", 0o755, 1000),
    ...copied,
    file(busyboxPath, readFileSync(busybox), 0o755),
    ...applets.split(" ").map((name) => link(`/bin/${name}`, "busybox")),
    file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n"),
    file("/etc/group", "root:x:0:\nuser:x:1000:\n"),
    file("/etc/os-release", 'PRETTY_NAME="cupel host lab"\n'),
  ];
}

/** A directory's whole content below a place in the guest; links stay links. */
function copyTree(from: string, to: string): ArchiveEntry[] {
  const found = Bun.spawnSync(["find", from, "-mindepth", "1", "-type", "f,d,l", "-printf", "%P\\0"]).stdout.toString();
  const names = found.split("\0").slice(0, -1).toSorted();
  return names.map((name) => {
    const path = join(from, name);
    const status = lstatSync(path);
    const [permissions, owner] = [status.mode & 0o7777, { uid: status.uid, gid: status.gid }];
    if (status.isSymbolicLink()) return link(`${to}/${name}`, readlinkSync(path));
    return status.isDirectory()
      ? { ...directory(`${to}/${name}`, permissions), ...owner }
      : { ...file(`${to}/${name}`, readFileSync(path), permissions), ...owner };
  });
}

function packageEntries({ kernel, architecture = "x64", packages = [] }: LabHost): ArchiveEntry[] {
  if (packages.length === 0) return [];
  return [directory("/packages"), ...copyTree(obtainPackages(kernel, architecture, packages), "/packages")];
}

/** The initramfs, compressed. */
export function buildInitramfs(host: LabHost, kernel: Kernel, programs: Programs, steps: readonly GuestStep[]): Buffer {
  if (host.init === "systemd") {
    return gzipSync(packArchive(systemdEntries(host, programs.cupel, steps)), { level: 1 });
  }
  const modules = loadModules(kernel, host.modules ?? []);
  const entries = [
    ...rootEntries(programs),
    ...packageEntries(host),
    ...modules.map(({ name, bytes }, index) => file(`/modules/${String(index).padStart(2, "0")}-${name}.ko`, bytes)),
    file("/init", renderInit(host, steps), 0o755),
  ];
  return gzipSync(packArchive(entries), { level: 1 });
}
