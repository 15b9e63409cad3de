/** What decides whether a saved report still holds: facts of boot, kernel, caller and limits, and nothing that changes with a login. */
import type { Host } from "../host/host.ts";
import { procField } from "../host/proc-field.ts";
import { engineVariables } from "../launch/engine-variables.ts";
import { build } from "../model/build.gen.ts";

/** Facts by name. */
export type FingerprintParts = Readonly<Record<string, string>>;

/** sysctls that decide about namespaces. Absent ones count as such. */
const decidingSysctls = [
  "kernel/unprivileged_userns_clone",
  "kernel/apparmor_restrict_unprivileged_userns",
  "kernel/apparmor_restrict_unprivileged_unconfined",
  "user/max_user_namespaces",
  "user/max_mnt_namespaces",
  "user/max_pid_namespaces",
  "user/max_net_namespaces",
  "user/max_ipc_namespaces",
  "user/max_uts_namespaces",
];

/** Lines of /proc/self/status that decide (proc_pid_status(5)). */
const decidingStatusLines = [
  "CapInh",
  "CapPrm",
  "CapEff",
  "CapBnd",
  "CapAmb",
  "NoNewPrivs",
  "Seccomp",
  "Seccomp_filters",
];

/** Kernel objects' numbers: another namespace, another host. */
const namespaceLinks = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/** Programs that strategies drive: another file, another capability. */
const decidingPrograms = ["bwrap", "crun", "docker", "newuidmap", "podman", "runc", "runsc", "systemd-run"];

function read(host: Host, path: string): string {
  const text = host.readText(path);
  return text.ok ? text.value.trim() : text.errno;
}

/** Scopes carry the number of a login session; what is delegated does not hang on it. */
export function parseStableControlGroup(text: string): string {
  if (!text.includes(".scope")) return text;
  const stable = (part: string): string => (part.endsWith(".scope") ? "*.scope" : part);
  const lines = text.split("\n").map((line) => line.split("/").map(stable).join("/"));
  return lines.join("\n");
}

/** The group that cupel was started in: it may have left it since (launch/own-scope.ts). */
const startedIn = new WeakMap<Host, string>();

function startingGroup(host: Host): string {
  const known = startedIn.get(host);
  if (known !== undefined) return known;
  const group = parseStableControlGroup(read(host, "/proc/self/cgroup"));
  startedIn.set(host, group);
  return group;
}

function programIdentity(host: Host, name: string): string {
  const path = host.findProgram(name);
  if (path === undefined) return "";
  const status = host.status(path);
  return status.ok ? `${path} ${status.value.sizeBytes} ${status.value.modifiedMs}` : path;
}

/** Lines of /proc/self/limits (proc_pid_limits(5)): not those that a runtime raises for itself at its start (open files). */
const decidingLimits = ["Max processes", "Max address space", "Max locked memory", "Max user"];

function resourceLimits(host: Host): string {
  const lines = read(host, "/proc/self/limits").split("\n");
  return lines.filter((line) => decidingLimits.some((start) => line.startsWith(start))).join("; ");
}

function joinFacts(facts: Iterable<readonly [string, string]>): string {
  return Array.from(facts, ([name, value]) => `${name}=${value}`).join(" ");
}

/** FNV-1a, 32 bits (RFC 9923): a report tells whether the environment is another one, and nothing of it. Pure. */
function digestOf(text: string): string {
  let digest = 0x811c_9dc5;
  for (const byte of Buffer.from(text)) digest = Math.imul(digest ^ byte, 0x0100_0193);
  return (digest >>> 0).toString(16).padStart(8, "0");
}

/** Reads the facts. A few dozen small reads of /proc: under a millisecond. */
export function readFingerprintParts(host: Host): FingerprintParts {
  const status = read(host, "/proc/self/status");
  const link = (name: string): string => {
    const target = host.readLink(`/proc/self/ns/${name}`);
    return target.ok ? target.value : target.errno;
  };
  return {
    build: build.id,
    boot: read(host, "/proc/sys/kernel/random/boot_id"),
    kernel: `${read(host, "/proc/sys/kernel/osrelease")} ${read(host, "/proc/sys/kernel/version")}`,
    user: `${host.identity.uid}:${host.identity.gid}:${host.identity.groups.join(",")}`,
    uidMap: read(host, "/proc/self/uid_map"),
    privileges: joinFacts(decidingStatusLines.map((name) => [name, procField(status, name) ?? ""])),
    lsmLabel: read(host, "/proc/self/attr/current"),
    namespaces: namespaceLinks.map(link).join(" "),
    controlGroup: startingGroup(host),
    sysctls: joinFacts(decidingSysctls.map((name) => [name, read(host, `/proc/sys/${name}`)])),
    resourceLimits: resourceLimits(host),
    engine: digestOf(joinFacts(engineVariables.map((name) => [name, host.environment[name] ?? ""]))),
    programs: joinFacts(decidingPrograms.map((name) => [name, programIdentity(host, name)])),
  };
}

/** Names of the facts in which two fingerprints differ. Pure. */
export function differingParts(one: FingerprintParts, other: FingerprintParts): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]);
}
