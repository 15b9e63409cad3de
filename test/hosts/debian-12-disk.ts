/** Debian 12's kernel with a disk, and a version 2 of control groups that limits it, handed to both callers. */
import { defineHost } from "../../scripts/hosts/lab-host.ts";
import { withEveryCap } from "./shared/verdicts.ts";

const capabilities = {
  "cgroup.memory": "works",
  "cgroup.io": "works",
  "cgroup.io-write": "works",
} as const;

/** In this directory of the disk's, with this file that nobody has read yet: at the cap neither direction is done in time. */
function rates(directory: string): Record<string, number> {
  // Only root may; for the user it was done when the host was set up.
  const forget = "(sync; echo 3 > /proc/sys/vm/drop_caches) 2>/dev/null";
  const write = "/bin/dd if=/dev/zero of=new bs=64k count=8 conv=fsync";
  const read = "/bin/dd if=old of=/dev/null bs=64k";
  return {
    [`cd ${directory} && cupel run --workspace cow --timeout 60s -- ${write}`]: 0,
    [`cd ${directory} && cupel run --workspace cow --io-write 128K/s --timeout 1500ms -- ${write}`]: 124,
    // What is there before the job is another's to the kernel.
    [`cd ${directory} && cupel run --workspace rw --io-write 128K/s -- /bin/true`]: 125,
    [`cd ${directory} && cupel run --strategy process --accept-missing all --io-write 128K/s -- /bin/true`]: 125,
    [`${forget}; cd ${directory} && cupel run --io-read 128K/s --timeout 1500ms -- ${read}`]: 124,
    [`cd ${directory} && cupel run --io-read 128K/s --io-write 128K/s --memory 64M --result /tmp/$$.json -- /bin/true && grep -A4 '"name": "io-' /tmp/$$.json | grep -c '"enforced": true' | grep -qx 2`]: 0,
    // Of the disks that it reaches it reads the system's alone, and the cap is on that.
    "cd /tmp && cupel run --workspace none --io-write 1M/s -- /bin/true": 0,
    "ls -d /sys/fs/cgroup/cupel-* /sys/fs/cgroup/user/cupel-*": 1,
  };
}

export default defineHost({
  title: "Linux 6.1, a disk, control groups version 2 with its io controller",
  kernel: "debian-12",
  modules: ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "overlay"],
  diskMib: 64,
  setUp: `echo +cpu +memory +pids +io > /sys/fs/cgroup/cgroup.subtree_control
mkdir /disk && mount -t ext4 /dev/vda /disk && mkdir /disk/root /disk/user /disk/user/work /disk/lib
dd if=/dev/zero of=/disk/root/old bs=64k count=32
dd if=/dev/zero of=/disk/user/work/old bs=64k count=32
chown -R user /disk/user
mount -o bind /disk/lib /var/lib
mount -o bind /disk/user /home/user
sync
echo 3 > /proc/sys/vm/drop_caches`,
  userSession: `mkdir -p /sys/fs/cgroup/user/shell
chown -R user /sys/fs/cgroup/user
echo $$ > /sys/fs/cgroup/user/shell/cgroup.procs
echo +cpu +memory +pids +io > /sys/fs/cgroup/user/cgroup.subtree_control`,
  truth: {
    root: {
      capabilities: { "cgroup.io": "works", "cgroup.io-write": "works" },
      chosen: "namespaces",
      doctor: 0,
      verdicts: withEveryCap,
      commands: rates("/disk/root"),
    },
    user: { capabilities, chosen: "namespaces", doctor: 0, verdicts: withEveryCap, commands: rates("/home/user/work") },
  },
});
