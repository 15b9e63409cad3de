/** What every unit of cupel's is told, whatever runs in it: systemd-run(1), systemd.exec(5), version 257 on. Pure. */

/** Root's, which runs the machine, or a user's own. */
export type SystemdManager = "system" | "user";

/** Besides what a plan says: what no job has, whatever it asks for. */
const properties = [
  // Since 257; all else is older.
  "PrivatePIDs=yes",
  "PrivateIPC=yes",
  "PrivateDevices=yes",
  // What the host mounts, and unmounts, meanwhile is none of the job's.
  "MountFlags=private",
  "NoNewPrivileges=yes",
  "KeyringMode=private",
  // The journal's sockets are the host's.
  "BindLogSockets=no",
  "ReadOnlyPaths=+/",
  "InaccessiblePaths=+/sys -+/dev/hugepages",
  "ProtectKernelTunables=yes",
  // The first process of a PID namespace heeds no other signal.
  "KillSignal=SIGKILL",
  "TimeoutStopSec=5s",
  // What becomes of a job that is out of memory is for cupel to say.
  "OOMPolicy=continue",
  // Not each job's start and end.
  "LogLevelMax=warning",
] as const;

/** What cupel's launcher makes for a job of root's, and becomes another user with, before anything of the job's is there. */
const launchersCapabilities = "CapabilityBoundingSet=CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_ADMIN";

/** Without a user namespace it may do none of the rest. */
const usersProperties = ["PrivateUsers=yes", "CapabilityBoundingSet="] as const;

/** Flags of every call, and these properties. */
export function unitWords(manager: SystemdManager, unit: string): string[] {
  const own = manager === "user" ? usersProperties : [launchersCapabilities];
  return [
    `--${manager}`,
    `--unit=${unit}`,
    "--quiet",
    "--collect",
    "--wait",
    "--pipe",
    "--service-type=exec",
    ...[...properties, ...own].map((property) => `--property=${property}`),
  ];
}

/**
 * A word of a list, as systemd reads it (systemd.syntax(7), "Quoting"); undefined for one that it reads as another: with
 * quotes or what controls a terminal in it.
 */
export function quoteUnitWord(word: string): string | undefined {
  if (/["'\p{Cc}]/u.test(word)) return undefined;
  return /^[\w/.,@+-]+$/.test(word) ? word : `"${word.replaceAll("\\", "\\\\")}"`;
}
