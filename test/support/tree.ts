/** Trees of files as lines, to be compared whole. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

function contentOf(path: string): string {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!stats.isFile()) return stats.isDirectory() ? "directory" : "special";
  return createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
}

/** Every entry with its mode, owner and content, in the order of paths. */
export function readTree(root: string, prefix = ""): string[] {
  return readdirSync(`${root}/${prefix}`)
    .sort()
    .flatMap((name) => {
      const path = `${prefix}${name}`;
      const { mode, uid, gid } = lstatSync(`${root}/${path}`);
      const line = `${path} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${contentOf(`${root}/${path}`)}`;
      return lstatSync(`${root}/${path}`).isDirectory() ? [line, ...readTree(root, `${path}/`)] : [line];
    });
}

/** The same with the times and inodes that nothing may change. */
export function readTreeExactly(root: string): string[] {
  const exact = (path: string): string => {
    const { mtimeNs, ctimeNs, ino } = lstatSync(path, { bigint: true });
    return `${mtimeNs} ${ctimeNs} ${ino}`;
  };
  return [
    `. ${exact(root)}`,
    ...readTree(root).map((line) => `${line} ${exact(`${root}/${line.split(" ")[0] ?? ""}`)}`),
  ];
}
