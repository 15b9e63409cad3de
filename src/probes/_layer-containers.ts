/** Which containers or sandboxes surround us on this kernel. Marker files only name what namespaces have proven. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import type { LayerFinding } from "./_layer-machines.ts";

/** Inodes of the kernel's first namespaces (include/linux/proc_ns.h, PROC_*_INIT_INO): the same on every Linux. */
const initialInodes = {
  pid: 0xeffffffc,
  user: 0xeffffffd,
  uts: 0xeffffffe,
  ipc: 0xefffffff,
  cgroup: 0xeffffffb,
} as const;

/** Files and variables that engines leave in what they start. */
const markers: readonly { readonly name: string; readonly path?: string; readonly variable?: string }[] = [
  { name: "kubernetes", path: "/var/run/secrets/kubernetes.io" },
  { name: "kubernetes", variable: "KUBERNETES_SERVICE_HOST" },
  { name: "podman", path: "/run/.containerenv" },
  { name: "docker", path: "/.dockerenv" },
  { name: "flatpak", path: "/.flatpak-info" },
  { name: "snap", variable: "SNAP" },
  { name: "systemd-nspawn", path: "/run/host/container-manager" },
];

/** Containers, outermost first. */
export function findContainers(host: Host): LayerFinding[] {
  const version = host.readText("/proc/version");
  if (version.ok && /gvisor/i.test(version.value)) {
    return [{ layer: "user-kernel:gvisor", evidence: [{ action: "read /proc/version", result: "names gVisor" }] }];
  }
  const { own, evidence } = compareNamespaces(host);
  const named = nameContainer(host);
  if (own.length === 0) return [{ layer: undefined, evidence: [...evidence, ...unproven(host)] }];
  const seen = [...evidence, ...named.map((marker) => marker.evidence)];
  // A PID namespace makes the difference between a container and, say, a shell in a user namespace.
  if (!own.includes("pid")) return [{ layer: `namespaces:${own.join("+")}`, evidence: seen }];
  return [{ layer: `container:${named[0]?.name ?? readManager(host) ?? "unknown"}`, evidence: seen }];
}

function compareNamespaces(host: Host): { own: string[]; evidence: Evidence[] } {
  const own: string[] = [];
  const evidence: Evidence[] = [];
  for (const [kind, initial] of Object.entries(initialInodes)) {
    const status = host.status(`/proc/self/ns/${kind}`);
    if (!status.ok) continue;
    const isInitial = status.value.inode === initial;
    if (!isInitial) own.push(kind);
    evidence.push({
      action: `inode of /proc/self/ns/${kind}`,
      result: isInitial ? "the kernel's first" : String(status.value.inode),
    });
  }
  return { own, evidence };
}

function nameContainer(host: Host): { name: string; evidence: Evidence }[] {
  return markers.flatMap(({ name, path, variable }) => {
    const isThere = path === undefined ? host.environment[variable ?? ""] !== undefined : host.linkStatus(path).ok;
    if (name === "docker" && !hasMountedHosts(host)) return [];
    const action = path === undefined ? `variable ${variable ?? ""}` : `look for ${path}`;
    return isThere ? [{ name, evidence: { action, result: "there" } }] : [];
  });
}

/** Docker mounts /etc/hosts into every container; a marker that came with a file tree says nothing of who runs it. */
function hasMountedHosts(host: Host): boolean {
  const mounts = host.readText("/proc/self/mountinfo");
  return !mounts.ok || / \/etc\/hosts /.test(mounts.value);
}

/** Images of virtual machines are often made from containers and keep the marker: alone it proves nothing. */
function unproven(host: Host): Evidence[] {
  const left = markers.flatMap(({ path }) => (path !== undefined && host.linkStatus(path).ok ? [path] : []));
  return left.map((path) => ({
    action: `look for ${path}`,
    result: "there, but all namespaces are the kernel's first",
  }));
}

/** systemd's CONTAINER_INTERFACE: the manager's name. */
function readManager(host: Host): string | undefined {
  const text = host.readText("/run/systemd/container");
  const name = text.ok ? text.value.trim() : (host.environment["container"] ?? "");
  return /^[a-z0-9-]{1,30}$/.test(name) ? name : undefined;
}
