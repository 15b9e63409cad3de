/** busybox as the lab's hosts have it: before their root is there, and in it. */

/** Its path in the guest. */
export const busyboxPath = "/bin/busybox";

/** Its names. */
export const applets: readonly string[] = (
  "ash base64 cat chgrp chmod chown chroot cp cut date dd dmesg echo env false grep gzip head hostname id insmod ip kill " +
  "ln ls mkdir mknod mount mv nproc poweroff ps pwd readlink rm rmdir rmmod sed seq setsid sh sleep sort stat stty su " +
  "switch_root sync sysctl tail tee test touch tr true umount uname wc which xargs"
).split(" ");
