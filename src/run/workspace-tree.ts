/**
 * A tree that is entered one name at a time: each directory is opened through the descriptor of the one that holds it, and
 * never by a symlink. So nobody who can change the tree meanwhile can have something done in another place.
 */
import { closeSync, constants, openSync } from "node:fs";

const openFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** All but the last name; "" for one in the root. */
export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** An open tree. Paths are relative to its root; "" is the root. */
export class WorkspaceTree {
  readonly #descriptors: { path: string; descriptor: number }[];

  /** By its path, or as a descriptor, which is then this tree's. @throws the errno of a root that cannot be opened. */
  constructor(root: string | number) {
    this.#descriptors = [{ path: "", descriptor: typeof root === "number" ? root : openSync(root, openFlags) }];
  }

  /** Closes what is not on the way to `path`. */
  #return(path: string): { path: string; descriptor: number } {
    for (;;) {
      const last = this.#descriptors.at(-1);
      if (last === undefined) throw new Error("the tree is closed");
      if (last.path === "" || last.path === path || path.startsWith(`${last.path}/`)) return last;
      closeSync(last.descriptor);
      this.#descriptors.pop();
    }
  }

  /**
   * The open directory at `path`, as a name for it that leads nowhere else: a magic link of /proc.
   * @throws ENOENT, ENOTDIR or ELOOP where there is no directory there.
   */
  directory(path: string): string {
    let { path: at, descriptor } = this.#return(path);
    while (at !== path) {
      const rest = at === "" ? path : path.slice(at.length + 1);
      const [name = ""] = rest.split("/");
      const next = at === "" ? name : `${at}/${name}`;
      descriptor = openSync(`/proc/self/fd/${descriptor}/${name}`, openFlags);
      this.#descriptors.push({ path: next, descriptor });
      at = next;
    }
    return `/proc/self/fd/${descriptor}`;
  }

  /** A name for the entry at `path`, by its open parent. @throws as {@link directory} does. */
  entry(path: string): string {
    return `${this.directory(parentOf(path))}/${nameOf(path)}`;
  }

  /** What was opened below the root is opened anew: after a directory was put in the place of another. */
  forget(): void {
    for (const { descriptor } of this.#descriptors.splice(1)) closeSync(descriptor);
  }

  close(): void {
    for (const { descriptor } of this.#descriptors.splice(0)) closeSync(descriptor);
  }
}
