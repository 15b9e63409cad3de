/**
 * The marks that fuse-overlayfs leaves in a layer, as names of files: whiteouts where it could make no device, and what says
 * that a directory shows nothing of what lies below (fuse-overlayfs(1); OCI image specification, "Whiteouts"). A name that
 * begins so is never a job's own: in what fuse-overlayfs shows it is not there.
 */
import type { LayerEntry } from "./layer-entries.ts";

const prefix = ".wh.";

/** Either is enough: the second is a device, which not every file system takes. */
const opaqueMarks: readonly string[] = [".wh..wh..opq", ".wh..opq"];

/** Whether a name in a layer is a mark, and no name of a job's. */
export function isFuseMark(name: string): boolean {
  return name.startsWith(prefix);
}

/** Whether a directory of these names shows nothing of what lies below it. */
export function isFuseOpaque(names: readonly string[]): boolean {
  return opaqueMarks.some((mark) => names.includes(mark));
}

/** The name that a mark takes away; undefined for one that takes none. */
export function removedByFuseMark(name: string): string | undefined {
  return isFuseMark(name) && !opaqueMarks.includes(name) && name !== prefix ? name.slice(prefix.length) : undefined;
}

/** The entries of a layer with the kernel's marks in the place of fuse-overlayfs's own. */
export function withoutFuseMarks(entries: readonly LayerEntry[]): LayerEntry[] {
  const named = new Set(entries.map(({ name }) => name));
  const read = entries.flatMap((entry): LayerEntry[] => {
    if (!isFuseMark(entry.name)) return [{ ...entry, entries: withoutFuseMarks(entry.entries) }];
    const name = removedByFuseMark(entry.name);
    return name === undefined || named.has(name) ? [] : [{ ...entry, name, isWhiteout: true, entries: [] }];
  });
  return read.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** The opaque ones among these directories, by their paths in the layer. */
export function findFuseOpaque(entries: readonly LayerEntry[], paths: ReadonlySet<string>, directory = ""): string[] {
  return entries.flatMap((entry) => {
    const path = `${directory}${entry.name}`;
    if (!paths.has(path)) return [];
    const own = isFuseOpaque(entry.entries.map(({ name }) => name)) ? [path] : [];
    return [...own, ...findFuseOpaque(entry.entries, paths, `${path}/`)];
  });
}
