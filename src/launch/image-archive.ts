/**
 * A root directory as the archive that `docker import` takes: ustar, with extended headers (pax(1)) for what is too long
 * for it. Pure.
 */
import { posix } from "node:path";
import { packTar, type TarEntry } from "modern-tar";
import type { EngineEntry } from "./engine-root.ts";

/** Something in the image; a file may be any bytes, and has mode 0444 where none is given. */
export type ArchiveEntry =
  | Exclude<EngineEntry, { kind: "file" }>
  | {
      readonly kind: "file";
      readonly path: string;
      readonly content: string | Uint8Array;
      readonly mode?: number | undefined;
    };

/** Everything is root's and as old as can be: the same entries give the same bytes. */
const common = { uid: 0, gid: 0, mtime: new Date(0) } as const;

/** An archive is unpacked there. */
const top = "/";

/** What holds others is in the archive, too: Docker 20.10 gives what it has to make up mode 0600 (moby, pkg/archive/diff.go). */
function withParents(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries)
    for (let parent = posix.dirname(path); parent !== top && !all.has(parent); parent = posix.dirname(parent))
      all.set(parent, { kind: "directory", path: parent, mode: 0o755 });
  return [...all.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

function toTarEntry(entry: ArchiveEntry): TarEntry {
  const header = { ...common, name: entry.path === top ? "." : entry.path.slice(top.length), size: 0 };
  if (entry.kind === "directory") return { header: { ...header, type: "directory", mode: entry.mode } };
  if (entry.kind === "link") return { header: { ...header, type: "symlink", mode: 0o777, linkname: entry.target } };
  const body = typeof entry.content === "string" ? Buffer.from(entry.content) : entry.content;
  return { header: { ...header, type: "file", mode: entry.mode ?? 0o444, size: body.length }, body };
}

/**
 * The archive of these entries, whose paths are absolute; what holds another comes first, and is made with mode 0755
 * where it is not among them. Of two with the same path the last counts.
 */
export function archiveImage(entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  return packTar(withParents(entries).map(toTarEntry));
}
