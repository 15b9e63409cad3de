/** How a service ends that systemd could not set up (systemd.exec(5), "Process Exit Codes"): who waits for it is told no more. */

const ends = [
  "200/CHDIR",
  "203/EXEC",
  "205/LIMITS",
  "217/USER",
  "218/CAPABILITIES",
  "219/CGROUP",
  "225/NETWORK",
  "226/NAMESPACE",
  "227/NO_NEW_PRIVILEGES",
  "228/SECCOMP",
  "237/KEYRING",
] as const;

/** What kept it from being started: `226/NAMESPACE`; undefined for any other end. */
export function unitEnd(code: number): string | undefined {
  return ends.find((end) => end.startsWith(`${code}/`));
}
