/** A directory that is opened by its path, where nobody may have it lead elsewhere. */
import { closeSync, constants, openSync } from "node:fs";

/** O_PATH (open(2), Linux 2.6.39), which Node does not name: an ancestor may be one that we may search, and not read. */
export const pathOnly = 0o10000000;
const entered = constants.O_DIRECTORY | constants.O_NOFOLLOW;

function stepInto(directory: number, name: string, flags: number): number {
  try {
    return openSync(`/proc/self/fd/${directory}/${name}`, entered | flags);
  } finally {
    closeSync(directory);
  }
}

/**
 * The directory at an absolute path that is reached through no symlink, open for reading.
 * @throws ENOTDIR where a symlink or a file stands on the way or at its end, ENOENT where nothing does (open(2)).
 */
export function openDirectory(path: string): number {
  const ways = path.split("/").filter((name) => name !== "");
  const parent = ways
    .slice(0, -1)
    .reduce((at, name) => stepInto(at, name, pathOnly), openSync("/", pathOnly | entered));
  return stepInto(parent, ways.at(-1) ?? ".", constants.O_RDONLY);
}
