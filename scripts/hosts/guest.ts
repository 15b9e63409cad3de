/** What happens in a host of the lab: a first process that finds the root, does as told and reports. */
import { readFileSync } from "node:fs";
import { directory, file, link, packArchive, type ArchiveEntry } from "./archive.ts";
import { applets, busyboxPath } from "./busybox.ts";
import { emulators } from "./emulator.ts";
import type { Programs } from "./lab-executable.ts";
import type { LabHost } from "./lab-host.ts";
import { loadModules, type Kernel } from "./packages.ts";

/** One command line in the guest. */
export interface GuestStep {
  readonly name: string;
  readonly caller: "root" | "user";
  readonly command: string;
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
  const move = host.staysInInitramfs === true ? fillInitramfs : switchRoot;
  const { resultsDevice } = emulators[host.architecture ?? "x64"];
  return [head, move, mounts, reporting(resultsDevice, "su user -c"), ...inOrder(host, steps), "poweroff -f"].join(
    "\n",
  );
}

const head = `#!/bin/sh
export PATH=/usr/local/bin:/usr/bin:/bin:/sbin HOME=/root LANG=C.UTF-8`;

/** The disk is looked for while the first process runs already. */
const mountDisk = `mkdir -p /proc /sys /dev /new
mount -t devtmpfs devtmpfs /dev
until [ -b /dev/nvme0n1 ]; do sleep 0.05; done
mount -t ext4 /dev/nvme0n1 /new`;

/** The root of an initramfs cannot be pivoted away from: most hosts have another. */
const switchRoot = `if [ ! -e /etc/os-release ]; then
  ${mountDisk.replaceAll("\n", "\n  ")}
  chown -R 1000:1000 /new/home/user
  cp -a /init /modules /new/
  umount /dev
  exec switch_root /new /init
fi`;

/** What is on the disk, where the kernel's first root is kept. */
const fillInitramfs = `${mountDisk}
for place in etc home root usr/lib usr/lib64 usr/local var; do mkdir -p /$place; cp -a /new/$place/. /$place/; done
chown -R 1000:1000 /home/user
mkdir -p /run /tmp
chmod 1777 /tmp
umount /new /dev`;

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

/** systemd, with the ordinary user's manager from the start. */
const systemdInit = `${head}
${mountDisk}
cp -a /etc/systemd /steps /new/etc/
chroot /new useradd --create-home --uid 1000 --shell /bin/sh user
mkdir -p /new/var/lib/systemd/linger
: > /new/var/lib/systemd/linger/user
umount /dev
exec switch_root /new /lib/systemd/systemd`;

const service = `[Unit]
Description=what is tried in this host
[Service]
Type=idle
ExecStart=/bin/sh /etc/steps
`;

function initEntries(host: LabHost, steps: readonly GuestStep[]): ArchiveEntry[] {
  if (host.init !== "systemd") return [file("/init", renderInit(host, steps), 0o755)];
  const units = "/etc/systemd/system";
  return [
    ...["/etc", "/etc/systemd", units, `${units}/multi-user.target.wants`].map((path) => directory(path)),
    file(`${units}/steps.service`, service),
    link(`${units}/multi-user.target.wants/steps.service`, `${units}/steps.service`),
    link(`${units}/default.target`, "/lib/systemd/system/multi-user.target"),
    file("/steps", renderService(host, steps)),
    file("/init", systemdInit, 0o755),
  ];
}

/** The kernel's first root: what is needed to come to the disk, modules, and what is to be done. */
export function buildInitramfs(host: LabHost, kernel: Kernel, programs: Programs, steps: readonly GuestStep[]): Buffer {
  const modules = loadModules(kernel, host.modules ?? []);
  return packArchive([
    ...["/usr", "/usr/bin", "/modules"].map((path) => directory(path)),
    ...["bin", "lib", "lib64", "sbin"].map((name) => link(`/${name}`, `usr/${name}`)),
    file(`/usr${busyboxPath}`, readFileSync(programs.busybox), 0o755),
    ...applets.map((name) => link(`/usr/bin/${name}`, "busybox")),
    ...modules.map(({ name, bytes }, index) => file(`/modules/${String(index).padStart(2, "0")}-${name}.ko`, bytes)),
    ...initEntries(host, steps),
  ]);
}
