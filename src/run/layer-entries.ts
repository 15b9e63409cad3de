/** What lies in a layer, as its job left it. Nothing in it is followed. */
import { chmodSync, lstatSync, readdirSync, readlinkSync, type BigIntStats } from "node:fs";
import type { EntryKind, HostEntry } from "../model/layer.ts";
import { joinBytes } from "./remove-tree.ts";

/** One entry of a layer. */
export interface LayerEntry {
  /** As text; see `isUnreadable`. */
  readonly name: string;
  /** The name is no valid UTF-8. */
  readonly isUnreadable: boolean;
  readonly kind: EntryKind;
  /** The overlay's mark for what was removed: a character device 0:0 (overlayfs, "Whiteouts and opaque directories"). */
  readonly isWhiteout: boolean;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly changedNs: bigint;
  /** Of a symlink. */
  readonly target?: string | undefined;
  /** Of a directory, in the order of names. */
  readonly entries: readonly LayerEntry[];
}

/** Deeper than any sensible tree, and shallow enough for every path in it to be said (PATH_MAX). */
const pathBytesMax = 3500;

/** What is read of a layer at most. */
const entriesMax = 1_000_000;

/** A layer that is too large or too deep to be read. */
export class LayerTooLarge extends Error {}

/** In the kernel's words (inode(7)). */
export function kindOf(stats: Pick<BigIntStats, "isFile" | "isDirectory" | "isSymbolicLink">): EntryKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "special";
}

/** Permissions with the set-id and sticky bits. */
export function permissionsOf({ mode }: Pick<BigIntStats, "mode">): number {
  return Number(mode & 0o7777n);
}

/** What the host has at a path now; undefined where there is nothing. */
export function readHostEntry(path: string): HostEntry | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : hostEntryOf(stats);
}

/** The same of what was looked at already. */
export function hostEntryOf(stats: BigIntStats): HostEntry {
  return {
    kind: kindOf(stats),
    mode: permissionsOf(stats),
    sizeBytes: Number(stats.size),
    inode: String(stats.ino),
    modifiedNs: String(stats.mtimeNs),
    changedNs: String(stats.ctimeNs),
  };
}

class LayerReader {
  #count = 0;

  read(directory: Buffer, relativeBytes: number): LayerEntry[] {
    const names = readdirSync(directory, { encoding: "buffer" });
    const entries = names.flatMap((name) => this.#readEntry(directory, name, relativeBytes));
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  #readEntry(directory: Buffer, name: Buffer, relativeBytes: number): LayerEntry[] {
    const bytes = relativeBytes + name.length + 1;
    this.#count += 1;
    if (this.#count > entriesMax) throw new LayerTooLarge(`it has more than ${entriesMax} entries`);
    if (bytes > pathBytesMax) throw new LayerTooLarge(`a path in it has more than ${pathBytesMax} bytes`);
    const path = joinBytes(directory, name);
    const stats = lstatSync(path, { bigint: true });
    const text = name.toString();
    const common = {
      name: text,
      isUnreadable: !Buffer.from(text).equals(name),
      kind: kindOf(stats),
      isWhiteout: stats.isCharacterDevice() && stats.rdev === 0n,
      mode: permissionsOf(stats),
      sizeBytes: Number(stats.size),
      changedNs: stats.ctimeNs,
    };
    if (stats.isSymbolicLink()) return [{ ...common, target: readTarget(path), entries: [] }];
    return [{ ...common, entries: stats.isDirectory() ? this.#readBelow(path, stats, bytes) : [] }];
  }

  #readBelow(path: Buffer, stats: BigIntStats, bytes: number): LayerEntry[] {
    // The job may have taken the right to look into it; what it had is in the entry.
    if ((stats.mode & 0o700n) !== 0o700n) chmodSync(path, 0o700);
    return this.read(path, bytes);
  }
}

/** One that is no text leads nowhere that could be judged: it is as good as one that leads out. */
function readTarget(path: Buffer): string {
  const bytes = readlinkSync(path, { encoding: "buffer" });
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : `/${text}`;
}

/** All of it. @throws LayerTooLarge, and the errno of what cannot be read. */
export function readLayerEntries(upper: string): LayerEntry[] {
  chmodSync(upper, 0o700);
  return new LayerReader().read(Buffer.from(upper), 0);
}
