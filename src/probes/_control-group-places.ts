/** Where this process is in which control group hierarchy, as its mount namespace shows it. */
import type { Host } from "../host/host.ts";

/** One mounted hierarchy. */
interface Hierarchy {
  readonly version: 1 | 2;
  /** Controllers of a version 1 hierarchy. */
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** The group that the mount shows as its root. */
  readonly root: string;
}

/** All hierarchies, and this process's own group in each. */
export interface ControlGroupPlaces {
  readonly mode: "v1" | "hybrid" | "v2" | "none";
  readonly hierarchies: readonly Hierarchy[];
  /** Lines of /proc/self/cgroup: controllers, joined by commas and empty for version 2, to the group's path. */
  readonly own: ReadonlyMap<string, string>;
}

/** Reads mountinfo(5) and cgroups(7)'s /proc/self/cgroup. */
export function readControlGroupPlaces(host: Host): ControlGroupPlaces {
  const mounts = host.readText("/proc/self/mountinfo");
  const own = host.readText("/proc/self/cgroup");
  const hierarchies = mounts.ok ? mounts.value.split("\n").flatMap(parseMount) : [];
  return { mode: modeOf(hierarchies), hierarchies, own: parseOwn(own.ok ? own.value : "") };
}

function modeOf(hierarchies: readonly Hierarchy[]): ControlGroupPlaces["mode"] {
  const hasControllers = hierarchies.some(({ version, controllers }) => version === 1 && controllers.length > 0);
  const hasUnified = hierarchies.some(({ version }) => version === 2);
  if (hasControllers) return hasUnified ? "hybrid" : "v1";
  return hasUnified ? "v2" : "none";
}

/** "36 35 98:0 /root /mount/point options - cgroup source controllers,and,options" */
function parseMount(line: string): Hierarchy[] {
  const [left = "", right = ""] = line.split(" - ", 2);
  const [, , , root, mountPoint] = left.split(" ");
  const [type, , options = ""] = right.split(" ");
  if (root === undefined || mountPoint === undefined || (type !== "cgroup" && type !== "cgroup2")) return [];
  const controllers = type === "cgroup" ? options.split(",").filter((option) => known.has(option)) : [];
  return [{ version: type === "cgroup" ? 1 : 2, controllers, mountPoint: unescape(mountPoint), root: unescape(root) }];
}

/** Version 1 controllers (Documentation/admin-guide/cgroup-v1): what else is among a mount's options is not one. */
const known = new Set(
  "blkio cpu cpuacct cpuset devices freezer hugetlb memory net_cls net_prio perf_event pids rdma".split(" "),
);

/** mountinfo(5) writes space, tab, newline and backslash as octal numbers. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function parseOwn(text: string): Map<string, string> {
  const own = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match !== null) own.set(match[1] ?? "", match[2] ?? "/");
  }
  return own;
}

/** A place in which a job's control group may be made. */
export interface Place {
  readonly version: "v1" | "v2";
  readonly directory: string;
}

/** This process's own group in the hierarchy of a controller: its directory, if the mount shows it. */
export function ownDirectory(places: ControlGroupPlaces, hierarchy: Hierarchy): string | undefined {
  const key = [...places.own.keys()].find((name) =>
    hierarchy.version === 2
      ? name === ""
      : name.split(",").some((controller) => hierarchy.controllers.includes(controller)),
  );
  const path = key === undefined ? undefined : places.own.get(key);
  // A path outside of a control group namespace starts with "/.."; one that no line can hold is nobody's to create.
  if (path === undefined || path.startsWith("/..") || /\p{C}/u.test(path + hierarchy.mountPoint)) return undefined;
  const root = hierarchy.root === "/" ? "" : hierarchy.root;
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  const below = path.slice(root.length).replace(/\/$/, "");
  return `${hierarchy.mountPoint}${below}`;
}

/**
 * Where a controller's limits may be set for a job. Version 1: below the own group. Version 2: below the own group or
 * one above it, wherever the controller is already handed to children; cupel never writes cgroup.subtree_control.
 */
export function candidatePlaces(host: Host, places: ControlGroupPlaces, controller: string): Place[] {
  const first = places.hierarchies.find(({ controllers }) => controllers.includes(controller));
  if (first !== undefined) {
    const directory = ownDirectory(places, first);
    return directory === undefined ? [] : [{ version: "v1", directory }];
  }
  const unified = places.hierarchies.find(({ version }) => version === 2);
  const own = unified === undefined ? undefined : ownDirectory(places, unified);
  if (unified === undefined || own === undefined) return [];
  return ancestors(own, unified.mountPoint)
    .filter((directory) => handsDown(host, directory, controller))
    .map((directory) => ({ version: "v2", directory }));
}

/** The own group of version 2, where that is mounted and shows it. */
export function findUnified(places: ControlGroupPlaces): string | undefined {
  const unified = places.hierarchies.find(({ version }) => version === 2);
  return unified === undefined ? undefined : ownDirectory(places, unified);
}

/** Where a group of version 2 may be made that needs no controller: below the own group, or one above it. */
export function unifiedPlaces(places: ControlGroupPlaces): Place[] {
  const unified = places.hierarchies.find(({ version }) => version === 2);
  const own = findUnified(places);
  if (unified === undefined || own === undefined) return [];
  return ancestors(own, unified.mountPoint).map((directory) => ({ version: "v2", directory }));
}

/** The group of version 2 above the own one that a controller still reaches, if it reaches any that is shown here. */
export function lastWith(host: Host, places: ControlGroupPlaces, controller: string): string | undefined {
  return unifiedPlaces(places).find(({ directory }) => {
    const offered = host.readText(`${directory}/cgroup.controllers`);
    return offered.ok && offered.value.trim().split(/\s+/).includes(controller);
  })?.directory;
}

function ancestors(from: string, top: string): string[] {
  const found: string[] = [];
  for (let at = from; at.startsWith(top); at = at.slice(0, at.lastIndexOf("/"))) {
    found.push(at);
    if (at === top) break;
  }
  return found;
}

function handsDown(host: Host, directory: string, controller: string): boolean {
  const control = host.readText(`${directory}/cgroup.subtree_control`);
  return control.ok && control.value.trim().split(/\s+/).includes(controller);
}
