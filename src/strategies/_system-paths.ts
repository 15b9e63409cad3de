/** What every sandbox sees of the host without being asked, and what it must not see of that. */

/** Programs and libraries (hier(7)); NixOS and Guix keep theirs in a store. Absent ones are skipped. */
export const systemPaths = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix/store",
  "/gnu/store",
  "/run/current-system",
];

/** What programs need of /etc to start and to behave: no accounts, no host names, no credentials. */
export const configurationPaths = [
  "ImageMagick-6",
  "R",
  "alternatives",
  "bash.bashrc",
  "ca-certificates",
  "ca-certificates.conf",
  "chromium",
  "chromium.d",
  "crypto-policies",
  "debian_version",
  "fonts",
  "gai.conf",
  "groff",
  "host.conf",
  "inputrc",
  "java-11-openjdk",
  "java-17-openjdk",
  "java-21-openjdk",
  "java-25-openjdk",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "locale.alias",
  "localtime",
  "magic",
  "maven",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "perl",
  "php",
  "pki",
  "profile",
  "protocols",
  "python3",
  "python3.11",
  "python3.12",
  "python3.13",
  "services",
  "shells",
  "ssl",
  "terminfo",
  "texmf",
  "timezone",
  "xattr.conf",
].map((name) => `/etc/${name}`);

/**
 * /proc entries that speak of the whole host. Read-only for every caller: a process with outside id 0 may write sysctls
 * without any capability.
 */
export const readOnlyProcPaths = ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"];

/** /proc entries that show other users' or the kernel's own (OCI runtimes mask the same). */
export const maskedProcPaths = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/key-users",
  "/proc/kmsg",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
];

/** Keys of servers, for the caller who is in the group that may read them. */
export const maskedConfigurationPaths = ["/etc/ssl/private", "/etc/pki/tls/private"];
