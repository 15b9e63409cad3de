/** Names of file systems by the magic number that statfs(2) gives (include/uapi/linux/magic.h). */
const names: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0xf2f52010: "f2fs",
  0x2fc12fc1: "zfs",
  0xca451a4e: "bcachefs",
  0x01021994: "tmpfs",
  0x858458f6: "ramfs",
  0x794c7630: "overlay",
  0x6969: "nfs",
  0xff534d42: "cifs",
  0xfe534d42: "smb2",
  0x01021997: "9p",
  0x65735546: "fuse",
  0x6a656a63: "virtiofs",
  0x4d44: "vfat",
  0x2011bab0: "exfat",
  0x7366746e: "ntfs",
  0x73717368: "squashfs",
  0xe0f5e1e2: "erofs",
  0xf15f: "ecryptfs",
  0x9fa0: "proc",
};

/** The name, or the number where it has none here. */
export function fileSystemName(magic: number): string {
  return names[magic] ?? `file system 0x${magic.toString(16)}`;
}
