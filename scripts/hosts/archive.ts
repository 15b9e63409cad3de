/** Archives in cpio's "newc" format, which the kernel unpacks into its first root (initramfs-buffer-format.rst). */

/** One entry; parents are made by the caller. */
export interface ArchiveEntry {
  readonly path: string;
  readonly mode: number;
  readonly uid?: number | undefined;
  /** The same as the user's unless told. */
  readonly gid?: number | undefined;
  readonly content?: Uint8Array | undefined;
}

const directoryMode = 0o040000;
const fileMode = 0o100000;
const linkMode = 0o120000;

/** A directory. */
export function directory(path: string, mode = 0o755, uid = 0): ArchiveEntry {
  return { path, mode: directoryMode | mode, uid };
}

/** A file. */
export function file(path: string, content: Uint8Array | string, mode = 0o644): ArchiveEntry {
  return { path, mode: fileMode | mode, content: typeof content === "string" ? Buffer.from(content) : content };
}

/** A symbolic link. */
export function link(path: string, target: string): ArchiveEntry {
  return { path, mode: linkMode | 0o777, content: Buffer.from(target) };
}

function header(entry: ArchiveEntry, index: number, nameBytes: number): string {
  const size = entry.content?.byteLength ?? 0;
  const isDirectory = (entry.mode & directoryMode) === directoryMode && (entry.mode & fileMode) !== fileMode;
  const uid = entry.uid ?? 0;
  const fields = [index, entry.mode, uid, entry.gid ?? uid, isDirectory ? 2 : 1, 0, size, 0, 0, 0, 0, nameBytes, 0];
  return `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

/** The archive, with its trailer. Pure. */
export function packArchive(entries: readonly ArchiveEntry[]): Buffer {
  const all: ArchiveEntry[] = [...entries, { path: "TRAILER!!!", mode: 0 }];
  const parts = all.flatMap((entry, index) => {
    const name = Buffer.from(`${entry.path.replace(/^\//, "")}\0`);
    const head = Buffer.concat([Buffer.from(header(entry, index + 1, name.length)), name]);
    const content = entry.content ?? Buffer.alloc(0);
    return [head, padding(head.length), content, padding(content.byteLength)];
  });
  return Buffer.concat(parts);
}
