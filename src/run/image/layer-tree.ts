/**
 * A root directory that layers of an image are unpacked into, one above the other (OCI image specification, "Image Layer
 * Filesystem Changeset"). An entry is reached through the open descriptors of the directories that hold it, none of which
 * is a symlink: whatever a layer says, nothing outside is touched. Owners, set-id bits, devices and attributes are left out.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  chmodSync,
  openSync,
  readdirSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import { removeTree } from "../remove-tree.ts";
import { nameOf, parentOf, WorkspaceTree } from "../workspace-tree.ts";
import { ImageFault } from "./image-fault.ts";
import type { TarEntry } from "./tar-entries.ts";

/** How much may be unpacked. */
export interface UnpackCaps {
  readonly bytesMax: number;
  readonly entriesMax: number;
}

const whiteoutPrefix = ".wh.";
const opaqueName = ".wh..wh..opq";

/** What it is in the tree: without slashes at its ends, and without `.`. @throws ImageFault for one that leads out. */
export function pathInTree(name: string): string {
  const names = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || names.includes("..") || name.includes("\0"))
    throw new ImageFault(`a layer has an entry that leads out of the root (${JSON.stringify(name)})`);
  return names.join("/");
}

/** The tree, layer by layer. */
export class LayerTree {
  readonly #tree: WorkspaceTree;
  readonly #entriesMax: number;
  #entries = 0;
  /** What the layer at hand has made: its marks are about what lies below it. */
  #made = new Set<string>();

  constructor(root: string, { entriesMax }: Pick<UnpackCaps, "entriesMax">) {
    this.#tree = new WorkspaceTree(root);
    this.#entriesMax = entriesMax;
  }

  close(): void {
    this.#tree.close();
  }

  /** Unpacks one layer. @throws ImageFault for an entry that cannot be, or too many. */
  async add(entries: AsyncIterable<TarEntry>): Promise<void> {
    this.#made = new Set();
    for await (const entry of entries) {
      if (++this.#entries > this.#entriesMax) throw new ImageFault(`it has more than ${this.#entriesMax} entries`);
      const path = pathInTree(entry.name);
      if (path === "") continue;
      const name = nameOf(path);
      if (name === opaqueName) this.#prune(parentOf(path));
      else if (name.startsWith(whiteoutPrefix)) this.#whiteOut(path, name);
      else await this.#place(path, entry);
    }
  }

  #whiteOut(path: string, name: string): void {
    const hidden = name.slice(whiteoutPrefix.length);
    if (["", ".", ".."].includes(hidden)) throw new ImageFault("a layer has a mark that hides no entry");
    this.#forgetLower(parentOf(path) === "" ? hidden : `${parentOf(path)}/${hidden}`);
  }

  /** What lower layers have at `path` goes. */
  #forgetLower(path: string): void {
    if (this.#statusAt(path) === undefined) return;
    if (this.#made.has(path)) this.#prune(path);
    else this.#remove(path);
  }

  /** What lower layers have in a directory goes. */
  #prune(path: string): void {
    if (path !== "" && this.#statusAt(path)?.isDirectory() !== true) return;
    for (const name of readdirSync(this.#directory(path))) this.#forgetLower(path === "" ? name : `${path}/${name}`);
  }

  #remove(path: string): void {
    const failure = removeTree(this.#entry(path));
    if (failure !== undefined) throw new Error(failure);
    this.#tree.forget();
  }

  #statusAt(path: string) {
    try {
      return lstatSync(this.#tree.entry(path), { throwIfNoEntry: false });
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error))) return undefined;
      throw error;
    }
  }

  #directory(path: string): string {
    try {
      return this.#tree.directory(path);
    } catch (error) {
      if (!["ENOTDIR", "ELOOP"].includes(errnoOf(error))) throw error;
      throw new ImageFault(`a layer has an entry that goes through a link or a file (${JSON.stringify(path)})`, {
        cause: error,
      });
    }
  }

  #entry(path: string): string {
    return `${this.#directory(parentOf(path))}/${nameOf(path)}`;
  }

  async #place(path: string, entry: TarEntry): Promise<void> {
    const { type, mode } = entry;
    if (!["0", "1", "2", "5"].includes(type)) {
      // Devices and FIFOs: what the job needs of them it has in its own /dev.
      if (["3", "4", "6"].includes(type)) return;
      throw new ImageFault(`a layer has an entry of a kind that is not unpacked (${JSON.stringify(type)})`);
    }
    this.#makeDirectories(parentOf(path));
    if (type === "5") this.#makeDirectory(path, mode);
    else await this.#replace(path, entry);
    this.#made.add(path);
  }

  /** Archives need not name the directories that hold what they have. */
  #makeDirectories(path: string): void {
    if (path === "" || this.#statusAt(path) !== undefined) return;
    this.#makeDirectories(parentOf(path));
    this.#makeDirectory(path, 0o755);
    this.#made.add(path);
  }

  #makeDirectory(path: string, mode: number): void {
    const status = this.#statusAt(path);
    if (status !== undefined && !status.isDirectory()) this.#remove(path);
    if (status?.isDirectory() !== true) mkdirSync(this.#entry(path), { mode: 0o700 });
    // Its owner, cupel, has to get through.
    chmodSync(`${this.#directory(path)}/.`, (mode & 0o777) | 0o700);
  }

  async #replace(path: string, entry: TarEntry): Promise<void> {
    if (entry.type === "1") return this.#link(path, entry.linkName);
    if (this.#statusAt(path) !== undefined) this.#remove(path);
    if (entry.type === "2") symlinkSync(entry.linkName, this.#entry(path));
    else await this.#writeFile(path, entry);
  }

  #link(path: string, linkName: string): void {
    const target = pathInTree(linkName);
    if (this.#statusAt(target)?.isFile() !== true)
      throw new ImageFault(`a layer has a hard link to what is no file in it (${JSON.stringify(linkName)})`);
    if (target === path) return;
    if (this.#statusAt(path) !== undefined) this.#remove(path);
    // The tree holds one way down open at a time.
    const directory = openSync(this.#directory(parentOf(target)), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      linkSync(`/proc/self/fd/${directory}/${nameOf(target)}`, this.#entry(path));
    } finally {
      closeSync(directory);
    }
  }

  async #writeFile(path: string, entry: TarEntry): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = openSync(this.#entry(path), flags, 0o600);
    try {
      for await (const piece of entry.content()) {
        for (let done = 0; done < piece.length;) done += writeSync(file, piece, done);
      }
      fchmodSync(file, entry.mode & 0o777);
      // Programs compare times, of what they compiled say.
      futimesSync(file, entry.modifiedSeconds, entry.modifiedSeconds);
    } finally {
      closeSync(file);
    }
  }
}
