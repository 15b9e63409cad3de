/** Directories that are no project's. */

/** Places that are everybody's or the system's: never taken as a workspace unless named. */
const commonDirectories = [
  "/",
  "/tmp",
  "/var",
  "/var/tmp",
  "/home",
  "/root",
  "/etc",
  "/usr",
  "/run",
  "/opt",
  "/srv",
  "/mnt",
];

/** Whether a directory is everybody's or the system's, and so no project's. */
export function isCommonDirectory(path: string): boolean {
  return commonDirectories.includes(path);
}
