/** Takes a directory that everyone could write away from everyone. */
import { chmodSync, chownSync, lstatSync, readdirSync } from "node:fs";

/**
 * Makes `path` and the directories in it the caller's alone, from the top: once nobody else can rename what is in one,
 * every path below it stays what it is. @throws the runtime's error where a directory is another user's for good.
 */
export function closeTree(path: string, uid: number): void {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return;
  if (stats.uid !== uid) chownSync(path, uid, stats.gid);
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) closeTree(`${path}/${name}`, uid);
}
