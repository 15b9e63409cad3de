/** Paths without what they say about a person: the system's own stay, what lies in homes and projects goes. */

/** Gives a secret its mark: `<address-1>`. */
export type MarkSecret = (kind: string, secret: string) => string;

/** A piece of text: as it stands, still to be looked at; or a mark, which is not. */
export interface TextPart {
  readonly text: string;
  readonly isMark?: boolean;
}

/** A place that is known by name: a home, a project. */
export interface Place {
  readonly path: string;
  /** What stands for it: `<home>`. */
  readonly text: string;
}

const all = Number.POSITIVE_INFINITY;

/** How many names below a directory may stay. The longest that fits counts; what is in none of them goes whole. */
const keptBelow: Readonly<Record<string, number>> = {
  "/usr": all,
  "/etc": all,
  "/proc": all,
  "/sys": all,
  "/dev": 1,
  "/dev/shm": 0,
  "/dev/net": 1,
  "/dev/pts": 1,
  "/dev/dri": 1,
  "/dev/vfio": 1,
  "/dev/disk": 1,
  "/dev/mapper": 0,
  "/bin": all,
  "/sbin": all,
  "/lib": all,
  "/lib32": all,
  "/lib64": all,
  "/libx32": all,
  "/boot": 1,
  "/run": 2,
  "/var": 2,
  "/var/tmp": 0,
  "/var/home": 0,
  "/nix/store": all,
  "/snap/bin": 1,
  "/opt": 0,
  "/opt/cni/bin": 1,
  "/tmp": 0,
  "/home": 0,
  "/Users": 0,
  "/root": 0,
  "/srv": 0,
  "/mnt": 0,
  "/media": 0,
  "/init": 0,
  "/sysroot": 0,
  "/.dockerenv": 0,
  "/.singularity.d": 0,
  "/.flatpak-info": 0,
};

/** Names below a home that are everybody's: a maintainer has to see where a program lies. */
const plainNames =
  /^(?:\.local|\.config|\.cache|\.cargo|\.rustup|\.nix-profile|\.bun|\.deno|\.npm|\.docker|bin|sbin|lib|libexec|share|state|cupel|bwrap|podman|docker|dockerd|runc|crun|runsc|kata-runtime|firecracker|qemu-system-\w+|newuidmap|newgidmap|pasta|passt|slirp4netns|fuse-overlayfs|systemd-run)$/u;

const controlGroups = "/sys/fs/cgroup";

/** Control groups, as /proc/self/cgroup shows them. */
const groupPath =
  /^\/(?:init\.scope|(?:user|system|machine|kubepods)\.slice|kubepods|docker|lxc|lxc\.payload(?:\.\w+)?)(?=\/|$)/u;

/** Names in the tree of control groups that are the kernel's or systemd's, not somebody's. */
const plainGroups =
  /^(?:unified|systemd|(?:cpu|cpuacct|cpuset|memory|pids|io|blkio|devices|freezer|hugetlb|net_cls|net_prio|perf_event|rdma|misc)(?:,\w+)*|(?:cgroup|memory|cpu|cpuset|pids|io|hugetlb|rdma|misc|irq)\.[a-z0-9_.]+|(?:user|system|machine|app|session|background|kubepods)\.slice|kubepods|docker|lxc|session-\w+\.scope|user-\d+\.slice|user@\d+\.service|init\.scope|cupel[\w.-]*)$/u;

const otherHome = /^(\/(?:var\/)?home|\/Users)\/([^/]+)(.*)$/u;

/** The parts of an absolute path (or one that begins with `~`) that may stay, and marks for those that may not. */
export function redactPath(path: string, places: readonly Place[], mark: MarkSecret): TextPart[] {
  const place = places.find((candidate) => isWithin(path, candidate.path));
  if (place !== undefined)
    return [{ text: place.text, isMark: true }, ...tailParts(path.slice(place.path.length), mark)];
  const tilde = /^~([^/]*)(.*)$/u.exec(path);
  if (tilde !== null) return [{ text: "<home>", isMark: true }, ...tailParts(tilde[2] ?? "", mark)];
  const home = otherHome.exec(path);
  if (home !== null) {
    const [, parent = "", name = "", tail = ""] = home;
    return [{ text: `${parent}/` }, { text: mark("account", name), isMark: true }, ...tailParts(tail, mark)];
  }
  if (isWithin(path, controlGroups)) return groupParts(controlGroups, path.slice(controlGroups.length), mark);
  return groupPath.test(path) ? groupParts("", path, mark) : systemParts(path, mark);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function systemParts(path: string, mark: MarkSecret): TextPart[] {
  const candidates = Object.keys(keptBelow).filter((directory) => isWithin(path, directory));
  const directory = candidates.toSorted((left, right) => right.length - left.length)[0];
  if (directory === undefined) return path === "/" ? [{ text: path }] : [{ text: mark("path", path), isMark: true }];
  const names = path.slice(directory.length + 1).split("/");
  const kept = names.slice(0, keptBelow[directory]);
  const rest = names.slice(kept.length).join("/");
  const start = [directory, ...kept].join("/").replace(/\/$/u, "");
  return rest === "" ? [{ text: path }] : [{ text: `${start}/` }, { text: mark("path", rest), isMark: true }];
}

/** What follows a home or a project: up to the first name that is not everybody's. */
function tailParts(tail: string, mark: MarkSecret): TextPart[] {
  const names = tail.split("/").filter((name) => name !== "");
  const firstOwn = names.findIndex((name) => !plainNames.test(name));
  const kept = firstOwn === -1 ? names : names.slice(0, firstOwn);
  const parts: TextPart[] = kept.map((name) => ({ text: `/${name}`, isMark: true }));
  if (firstOwn === -1) return parts;
  return [...parts, { text: "/" }, { text: mark("path", names.slice(firstOwn).join("/")), isMark: true }];
}

function groupParts(start: string, path: string, mark: MarkSecret): TextPart[] {
  const parts = path
    .split("/")
    .slice(1)
    .map((name): TextPart[] =>
      name === "" || plainGroups.test(name)
        ? [{ text: `/${name}`, isMark: true }]
        : [{ text: "/" }, { text: mark("group", name), isMark: true }],
    );
  return [{ text: start, isMark: true }, ...parts.flat()];
}
