/**
 * What a job saw in its workspace when it ended: the host's directory, and above it the job's layer where it had one. All is
 * reached through open directories, one name at a time and by no symlink, since others may be changing the host's meanwhile.
 */
import { lstatSync, readdirSync, type BigIntStats } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { findOpaqueDirectories } from "./layer-marks.ts";
import { isFuseMark, isFuseOpaque, removedByFuseMark } from "./fuse-marks.ts";
import type { Layer } from "./open-layer.ts";
import { openDirectory } from "./open-directory.ts";
import { WorkspaceTree } from "./workspace-tree.ts";

type SideName = "host" | "layer";

/** One name in a directory. */
export interface ViewEntry {
  readonly name: string;
  /** The name is no valid UTF-8. */
  readonly isUnreadable: boolean;
  readonly side: SideName;
}

/** Which sides a directory of the view has. */
export type Sides = Readonly<Record<SideName, boolean>>;

function isDirectory(tree: WorkspaceTree, path: string): boolean {
  try {
    tree.directory(path);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** An overlay's mark for what was removed (overlayfs, "Whiteouts and opaque directories"). */
function isWhiteout(stats: BigIntStats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}

/** An open view. */
export class WorkspaceView {
  readonly #trees: Readonly<Record<SideName, WorkspaceTree | undefined>>;
  readonly #opaque: ReadonlySet<string>;
  /** The layer's marks are fuse-overlayfs's. */
  readonly #isFuse: boolean;

  /** @throws CupelError `set-up` where the layer cannot be understood, and the errno of what cannot be opened. */
  constructor(workspace: string, layer: Layer | undefined, places: HelperPlaces) {
    const upper = layer === undefined ? undefined : `${layer.path}/upper`;
    // A copy holds all that there is.
    const host = layer?.manner === "copy" ? undefined : new WorkspaceTree(openDirectory(workspace));
    this.#trees = { host, layer: upper === undefined ? undefined : new WorkspaceTree(upper) };
    const shared = upper === undefined ? [] : this.#sharedDirectories("");
    this.#isFuse = layer?.manner === "fuse";
    this.#opaque = this.#isFuse
      ? new Set(shared.filter((path) => isFuseOpaque(this.#names("layer", path).map(({ name }) => name))))
      : findOpaqueDirectories(upper ?? "", shared, places);
  }

  /** Of the layer's directories only one that the host has as well can be marked as showing nothing of the host's. */
  #sharedDirectories(directory: string): string[] {
    const { host, layer } = this.#trees;
    if (host === undefined || layer === undefined) return [];
    const paths = this.#names("layer", directory).map(({ name }) => join(directory, name));
    const shared = paths.filter((path) => isDirectory(layer, path) && isDirectory(host, path));
    return shared.flatMap((path) => [path, ...this.#sharedDirectories(path)]);
  }

  get sides(): Sides {
    return { host: this.#trees.host !== undefined, layer: this.#trees.layer !== undefined };
  }

  #tree(side: SideName): WorkspaceTree {
    const tree = this.#trees[side];
    if (tree === undefined) throw new Error(`the view has no ${side}`);
    return tree;
  }

  #names(side: SideName, directory: string): ViewEntry[] {
    return readdirSync(this.#tree(side).directory(directory), { encoding: "buffer" }).map((bytes) => {
      const name = bytes.toString();
      return { name, isUnreadable: !Buffer.from(name).equals(bytes), side };
    });
  }

  /** What a directory of these sides holds, in the order of names. @throws the errno of one that cannot be read. */
  entries(directory: string, sides: Sides): ViewEntry[] {
    const above = sides.layer ? this.#names("layer", directory) : [];
    const covered = new Set(above.map(({ name }) => (this.#isFuse ? (removedByFuseMark(name) ?? name) : name)));
    const isSeen = ({ name }: ViewEntry): boolean => !this.#isFuse || !isFuseMark(name);
    const below = sides.host
      ? this.#names("host", directory).filter((entry) => !covered.has(entry.name) && isSeen(entry))
      : [];
    const seen = above
      .filter(isSeen)
      .filter(({ name, isUnreadable }) => isUnreadable || !isWhiteout(this.stats("layer", join(directory, name))));
    return [...seen, ...below].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** @throws the errno of what is not there any more. */
  stats(side: SideName, path: string): BigIntStats {
    return lstatSync(this.#tree(side).entry(path), { bigint: true });
  }

  /** A name for it that leads nowhere else; see {@link WorkspaceTree}. */
  entry(side: SideName, path: string): string {
    return this.#tree(side).entry(path);
  }

  /** The sides of a directory that was found on one of those of the directory that holds it. */
  sidesOf(path: string, side: SideName, holder: Sides): Sides {
    if (side === "host") return { host: true, layer: false };
    const { host } = this.#trees;
    const shines = holder.host && host !== undefined && !this.#opaque.has(path) && isDirectory(host, path);
    return { host: shines, layer: true };
  }

  close(): void {
    for (const tree of Object.values(this.#trees)) tree?.close();
  }
}

/** A path in the view; "" is its root. */
export function join(directory: string, name: string): string {
  return directory === "" ? name : `${directory}/${name}`;
}
