/**
 * The root of a plan as engines are told of it: a directory with what is the job's own, mounts over that, and paths that
 * are hidden. Pure.
 */
import { posix } from "node:path";
import { CupelError } from "../model/error.ts";
import { isWithin } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";
import type { StepBinding } from "./encode-root-step.ts";
import type { HostPaths } from "./host-paths.ts";

/** Something in the root directory itself; what holds it is made with mode 0755. */
export type EngineEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "file"; readonly path: string; readonly content: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** A mount over it. */
export type EngineMount =
  | { readonly kind: "bind"; readonly source: string; readonly destination: string; readonly writable: boolean }
  | { readonly kind: "tmpfs"; readonly destination: string; readonly sizeBytes: number; readonly mode: number };

/** The whole of it. */
export interface EngineRoot {
  readonly entries: readonly EngineEntry[];
  /** What holds another comes first; no two have the same destination. */
  readonly mounts: readonly EngineMount[];
  /** Of what is there something or nothing. */
  readonly masks: readonly string[];
  readonly sharedMemoryBytes: number;
  /** Contents of {@link ownFiles}. */
  readonly files: readonly string[];
}

/** Where files lie that the plan wants below a mount: in the place of the engine, by their numbers. */
export const ownFiles = "files";

/**
 * What engines mount where nobody asks for it, too. Their memory on /sys is closed, to its owner as well: in the user namespace
 * of a daemon without root's rights that is the job.
 */
const mountPointsOfEngines = { "/dev": 0o755, "/proc": 0o755, "/sys": 0 } as const;

/** What one engine does by itself. */
export interface EngineHabits {
  /** What it puts something of its own over, unless something is mounted there. */
  readonly files: readonly string[];
  /** Whether it does so for jobs with a network of their own, too, where nothing is there. */
  readonly putsFilesAlways: boolean;
  /** The empty file by which a container is known. */
  readonly mark?: string | undefined;
  /**
   * Whether what a file system in memory is mounted on may be closed. runc gives that its mode, and not the one that it is
   * told of; crun does, but opens it first, which the root of a container of root's may not do: that one has none of root's rights.
   */
  readonly entersClosed: boolean;
}

/** Too long a name for a mount, or too many of them, is the engine's to refuse. */
class Lowering {
  readonly plan: LauncherPlan;
  readonly paths: HostPaths;
  readonly binding: StepBinding;
  readonly entries = new Map<string, EngineEntry>();
  readonly mounts = new Map<string, EngineMount>();
  readonly files: string[] = [];
  readonly masks: string[] = [];
  readonly habits: EngineHabits;
  sharedMemoryBytes = 0;

  constructor(plan: LauncherPlan, paths: HostPaths, binding: StepBinding, habits: EngineHabits) {
    this.plan = plan;
    this.paths = paths;
    this.binding = binding;
    this.habits = habits;
    for (const [path, mode] of Object.entries(mountPointsOfEngines)) this.#enterPoint(path, mode);
    if (habits.mark !== undefined) this.entries.set(habits.mark, { kind: "file", path: habits.mark, content: "" });
  }

  /** The mount in which a path lies; none where it is in the root directory itself. */
  mountAround(path: string): EngineMount | undefined {
    return [...this.mounts.values()].findLast(({ destination }) => destination !== path && isWithin(path, destination));
  }

  enter(entry: EngineEntry): void {
    const around = this.mountAround(entry.path);
    if (around !== undefined) this.#enterBelow(entry, around);
    else if (entry.kind === "file" && this.habits.files.includes(entry.path)) this.#mountFile(entry);
    else this.entries.set(entry.path, entry);
  }

  #enterPoint(path: string, mode: number): void {
    this.entries.set(path, { kind: "directory", path, mode: this.habits.entersClosed ? mode : 0o755 });
  }

  /** In what is mounted nothing is made but by mounting. */
  #enterBelow(entry: EngineEntry, around: EngineMount): void {
    if (entry.kind === "file") {
      this.#mountFile(entry);
      return;
    }
    if (this.foundBelow(entry.path, around) === "directory" && entry.kind === "directory") return;
    throw new CupelError("set-up", `a container engine cannot make a ${entry.kind} ${entry.path} below a mount`);
  }

  #mountFile({ path, content }: Extract<EngineEntry, { kind: "file" }>): void {
    const source = `${ownFiles}/${this.files.push(content) - 1}`;
    this.mount({ kind: "bind", source, destination: path, writable: false }, "file");
  }

  /** What the host has there, if the mount shows it. */
  foundBelow(path: string, around: EngineMount): ReturnType<HostPaths["lookUp"]> {
    return around.kind === "tmpfs" ? "none" : this.paths.lookUp(around.source + path.slice(around.destination.length));
  }

  mount(mount: EngineMount, kind: "directory" | "file"): void {
    const { destination } = mount;
    const around = this.mountAround(destination);
    if (around?.kind === "bind" && this.foundBelow(destination, around) !== kind)
      throw new CupelError("set-up", `a container engine cannot show a ${kind} at ${destination}: there is none`);
    // What was to be mounted below it would be covered.
    for (const other of this.mounts.keys())
      if (other !== destination && isWithin(other, destination)) this.mounts.delete(other);
    if (around === undefined && kind === "file")
      this.entries.set(destination, { kind, path: destination, content: "" });
    if (around === undefined && kind === "directory")
      this.#enterPoint(destination, mount.kind === "tmpfs" ? mount.mode : 0o755);
    this.mounts.delete(destination);
    this.mounts.set(destination, mount);
  }

  /** With what is mounted below it: what an engine says of a mount it says of the topmost alone, or shows no other. */
  bind(source: string, destination: string, writable: boolean): void {
    const { paths } = this;
    this.mount({ kind: "bind", source, destination, writable }, kindOf(paths, source));
    const below = paths.mountPoints.filter((point) => point !== source && isWithin(point, source));
    // What the caller does not find there is covered, or out of the job's reach as well.
    for (const point of below.filter((path) => paths.lookUp(path) !== "none")) {
      const place = destination + point.slice(source.length);
      this.mount({ kind: "bind", source: point, destination: place, writable }, kindOf(paths, point));
    }
  }

  /** Where an engine would put something of its own there is what the plan has, or nothing to read. */
  keepEnginesOut(): void {
    const isPutThere = this.habits.putsFilesAlways || !this.plan.namespaces.includes("network");
    for (const path of this.habits.files.filter((name) => !this.mounts.has(name))) {
      const around = this.mountAround(path);
      if (around?.kind === "bind" && this.foundBelow(path, around) === "file")
        this.bind(around.source + path.slice(around.destination.length), path, around.writable);
      else if (around === undefined && isPutThere) this.#mountFile({ kind: "file", path, content: "" });
    }
  }
}

function kindOf({ lookUp }: HostPaths, path: string): "directory" | "file" {
  return lookUp(path) === "directory" ? "directory" : "file";
}

type StepOf<Kind extends RootStep["step"]> = Extract<RootStep, { step: Kind }>;

function lowerMirror({ path }: StepOf<"mirror">, lowering: Lowering): void {
  const target = lowering.paths.readLink(path);
  if (target !== undefined) lowering.enter({ kind: "link", path, target });
  else if (lowering.paths.lookUp(path) !== "none") lowering.bind(path, path, false);
}

/** Of those that are optional the paths are cupel's own choice, and the host's own links lead to them. */
function lowerBind(step: StepOf<"bind">, lowering: Lowering): void {
  const source = step.optional ? lowering.paths.resolve(step.source) : step.source;
  if (source !== undefined) lowering.bind(source, step.destination, step.writable);
}

function lowerCopy({ destination }: StepOf<"copy">, lowering: Lowering): void {
  const { layer } = lowering.binding;
  if (layer === undefined) throw new CupelError("set-up", "There is no place for what the job changes");
  lowering.mount({ kind: "bind", source: `${layer}/upper`, destination, writable: true }, "directory");
}

function lowerTmpfs({ destination, sizeBytes, mode, filesMax }: StepOf<"tmpfs">, lowering: Lowering): void {
  if (filesMax !== undefined) throw cannotCount(destination);
  lowering.mount({ kind: "tmpfs", destination, sizeBytes, mode }, "directory");
}

function cannotCount(path: string): CupelError {
  return new CupelError("set-up", `a container engine cannot cap the number of files in ${path}`);
}

type Lower<Kind extends RootStep["step"]> = (step: StepOf<Kind>, lowering: Lowering) => void;

const lowerings: { readonly [Kind in RootStep["step"]]: Lower<Kind> } = {
  mirror: lowerMirror,
  bind: lowerBind,
  overlay: ({ source }) => {
    throw new CupelError("set-up", `a container engine cannot lay a layer over ${source}`);
  },
  copy: lowerCopy,
  tmpfs: lowerTmpfs,
  directory: ({ destination, mode }, lowering) => lowering.enter({ kind: "directory", path: destination, mode }),
  file: ({ destination, content }, lowering) => lowering.enter({ kind: "file", path: destination, content }),
  // The launcher inside makes them, where they are in memory and nowhere else.
  given: () => undefined,
  symlink: ({ destination, target }, lowering) => lowering.enter({ kind: "link", path: destination, target }),
  // Every container has its own.
  proc: () => undefined,
  // The root as a whole, and what every engine keeps so of /proc.
  "read-only": () => undefined,
  mask: ({ destination }, { masks }) => void masks.push(destination),
  devices: ({ shmBytes, shmFilesMax }, lowering) => {
    if (shmFilesMax !== undefined) throw cannotCount("/dev/shm");
    lowering.sharedMemoryBytes = shmBytes;
  },
};

function byDepth(one: EngineMount, other: EngineMount): number {
  return one.destination.split("/").length - other.destination.split("/").length;
}

/** Lays a plan's root out. @throws CupelError `set-up` where it asks for what engines cannot do. */
export function layOutEngineRoot(
  plan: LauncherPlan,
  paths: HostPaths,
  binding: StepBinding,
  habits: EngineHabits,
): EngineRoot {
  const lowering = new Lowering(plan, paths, binding, habits);
  for (const step of plan.root) (lowerings[step.step] as Lower<RootStep["step"]>)(step, lowering);
  lowering.keepEnginesOut();
  const { masks, files, sharedMemoryBytes } = lowering;
  const mounts = [...lowering.mounts.values()].sort(byDepth);
  return { entries: parentsFirst([...lowering.entries.values()]), mounts, masks, files, sharedMemoryBytes };
}

function parentsFirst(entries: readonly EngineEntry[]): EngineEntry[] {
  const named = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let parent = posix.dirname(path); parent !== "/"; parent = posix.dirname(parent)) {
      // It would be written to whatever that leads to on the host.
      if (named.get(parent)?.kind === "link")
        throw new CupelError("set-up", `a container engine cannot make ${path} below a link`);
      if (!named.has(parent)) named.set(parent, { kind: "directory", path: parent, mode: 0o755 });
    }
  }
  return [...named.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}
