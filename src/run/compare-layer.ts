/** What a job changed: its layer held against the host's files. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import type { Change, ChangeKind, HostEntry } from "../model/layer.ts";
import { equalContents } from "./equal-contents.ts";
import { findFuseOpaque, withoutFuseMarks } from "./fuse-marks.ts";
import { readHostEntry, readLayerEntries, type LayerEntry } from "./layer-entries.ts";
import { findOpaqueDirectories } from "./layer-marks.ts";
import type { Layer } from "./open-layer.ts";

/** Without following the last name; nothing blocks on it. */
function openFile(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
}

function haveEqualContent(one: string, other: string): boolean {
  const descriptors: number[] = [];
  try {
    descriptors.push(openFile(one), openFile(other));
    const [left = -1, right = -1] = descriptors;
    return fstatSync(left).size === fstatSync(right).size && equalContents(left, right);
  } catch (error) {
    // What cannot be read to compare it counts as changed: the job made it so, or the host's is not the caller's to read.
    errnoOf(error);
    return false;
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** What there is on the host's side of a directory of the layer's. */
interface Side {
  /** The host has a directory there. */
  readonly hasHost: boolean;
  /** The job saw nothing of the host's in it: what the layer has is all that there is, also in directories below. */
  readonly isWhole: boolean;
}

class Comparison {
  readonly #layer: Layer;
  readonly #opaque: ReadonlySet<string>;
  readonly #changes: Change[] = [];

  constructor(layer: Layer, opaque: ReadonlySet<string>) {
    this.#layer = layer;
    this.#opaque = opaque;
  }

  run(entries: readonly LayerEntry[]): Change[] {
    this.#compareDirectory("", entries, { hasHost: true, isWhole: this.#layer.manner === "copy" });
    return this.#changes.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  #host(path: string): string {
    return `${this.#layer.workspace}/${path}`;
  }

  #compareDirectory(directory: string, entries: readonly LayerEntry[], { hasHost, isWhole }: Side): void {
    const prefix = directory === "" ? "" : `${directory}/`;
    for (const entry of entries) {
      const path = `${prefix}${entry.name}`;
      this.#compareEntry(path, entry, hasHost ? readHostEntry(this.#host(path)) : undefined, isWhole);
    }
    if (hasHost && isWhole) this.#deleteOthers(prefix, new Set(entries.map(({ name }) => name)));
  }

  #deleteOthers(prefix: string, names: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#host(prefix)).filter((candidate) => !names.has(candidate))) {
      this.#delete(`${prefix}${name}`, readHostEntry(this.#host(`${prefix}${name}`)));
    }
  }

  #compareEntry(path: string, entry: LayerEntry, before: HostEntry | undefined, isWhole: boolean): void {
    // The host's own cannot be looked up by such a name either.
    if (entry.isUnreadable && this.#isAsCopied(entry)) return;
    if (entry.isWhiteout) return this.#delete(path, before);
    if (before?.kind === "directory" && entry.kind !== "directory") this.#deleteBelow(path);
    const change = before === undefined ? "added" : this.#judge(path, entry, before);
    if (change !== undefined) this.#add(path, change, entry, before);
    if (entry.kind !== "directory") return;
    const side = { hasHost: before?.kind === "directory", isWhole: isWhole || this.#opaque.has(path) };
    this.#compareDirectory(path, entry.entries, side);
  }

  /** What is there on both sides. */
  #judge(path: string, entry: LayerEntry, before: HostEntry): ChangeKind | undefined {
    if (entry.kind !== before.kind) return "type-changed";
    if (entry.kind === "file" && !this.#isAsCopied(entry)) {
      const isEqual =
        entry.sizeBytes === before.sizeBytes && haveEqualContent(`${this.#layer.path}/upper/${path}`, this.#host(path));
      if (!isEqual) return "modified";
    }
    if (entry.kind === "symlink") return readTargetOf(this.#host(path)) === entry.target ? undefined : "modified";
    if (entry.kind === "special") return undefined;
    // A copy has no set-id bits, whatever the host's has.
    const mask = this.#layer.manner === "copy" ? 0o777 : 0o7777;
    return (entry.mode & mask) === (before.mode & mask) ? undefined : "mode-changed";
  }

  /** Not changed since the copy was whole, as the file system's own clock has it. */
  #isAsCopied({ changedNs }: LayerEntry): boolean {
    const { copiedNs } = this.#layer;
    return copiedNs !== undefined && changedNs < copiedNs;
  }

  #add(path: string, change: ChangeKind, entry: LayerEntry, before: HostEntry | undefined): void {
    this.#changes.push({
      path,
      change,
      kind: entry.kind,
      mode: entry.mode,
      sizeBytes: entry.kind === "file" ? entry.sizeBytes : 0,
      ...(entry.target === undefined ? {} : { target: entry.target }),
      ...(before === undefined ? {} : { before }),
      ...(this.#isStale(before) ? { isStale: true } : {}),
      ...(entry.isUnreadable ? { isUnreadable: true } : {}),
    });
  }

  #delete(path: string, before: HostEntry | undefined): void {
    if (before === undefined) return;
    // A copy was never given what is no file, directory or symlink.
    if (this.#layer.manner === "copy" && before.kind === "special") return;
    if (before.kind === "directory") this.#deleteBelow(path);
    const { kind, mode } = before;
    const sizeBytes = kind === "file" ? before.sizeBytes : 0;
    // A directory, too: one that others have put there meanwhile was never the job's to take away.
    const stale = this.#isNewer(before) ? { isStale: true } : {};
    this.#changes.push({ path, change: "deleted", kind, mode, sizeBytes, before, ...stale });
  }

  #deleteBelow(path: string): void {
    this.#deleteOthers(`${path}/`, new Set());
  }

  #isStale(before: HostEntry | undefined): boolean {
    return before !== undefined && before.kind !== "directory" && this.#isNewer(before);
  }

  #isNewer({ changedNs }: HostEntry): boolean {
    return BigInt(changedNs) > this.#layer.startedNs;
  }
}

function readTargetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** Directories of the layer that the host has as well: only of these can a mark say that nothing of the host's was seen. */
function sharedDirectories(layer: Layer, entries: readonly LayerEntry[], prefix = ""): string[] {
  return entries.flatMap((entry) => {
    const path = `${prefix}${entry.name}`;
    if (entry.kind !== "directory" || entry.isUnreadable) return [];
    const isShared = lstatSync(`${layer.workspace}/${path}`, { throwIfNoEntry: false })?.isDirectory() === true;
    return isShared ? [path, ...sharedDirectories(layer, entry.entries, `${path}/`)] : [];
  });
}

/**
 * All changes, in the order of their paths. The job must be over.
 * @throws CupelError `set-up` where the layer cannot be understood, LayerTooLarge, and the errno of what cannot be read.
 */
export function compareLayer(layer: Layer, places: HelperPlaces): Change[] {
  const upper = `${layer.path}/upper`;
  const entries = readLayerEntries(upper);
  const shared = layer.manner === "copy" ? [] : sharedDirectories(layer, entries);
  if (layer.manner !== "fuse") return new Comparison(layer, findOpaqueDirectories(upper, shared, places)).run(entries);
  return new Comparison(layer, new Set(findFuseOpaque(entries, new Set(shared)))).run(withoutFuseMarks(entries));
}
