/** Copies what matches out of the workspace of a job that has ended. What is no plain file of the job's is refused and listed. */
import { closeSync, constants, fstatSync, openSync, type BigIntStats } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import type { Artifact, ArtifactRefusal, ArtifactsOutcome, ArtifactWish, RefusedArtifact } from "../model/artifact.ts";
import { ChangedMeanwhile, Unwritable, type ArtifactStore } from "./artifact-store.ts";
import type { Layer } from "./open-layer.ts";
import { matchingOf, mayHoldMatches } from "./path-globs.ts";
import { join, WorkspaceView, type Sides, type ViewEntry } from "./workspace-view.ts";

/** What to collect from. */
export interface ArtifactSource {
  readonly workspace: string;
  readonly layer: Layer | undefined;
  /** Directories that the job did not see. */
  readonly hidden: readonly string[];
  /** What the job asked not to see, and what something of its own lay over. */
  readonly denied: readonly string[];
  /**
   * Called by root, who reads what the job could not: user ids that files of the job's have on the host, by side. What others
   * may read is collected too.
   */
  readonly owners?: Readonly<Record<ViewEntry["side"], number>> | undefined;
  readonly places: HelperPlaces;
}

const refusedShown = 100;

const othersRead = 0o004n;

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

class Collection {
  readonly #view: WorkspaceView;
  readonly #store: ArtifactStore;
  readonly #wish: ArtifactWish;
  readonly #source: ArtifactSource;
  readonly #isWanted: (path: string) => boolean;
  readonly #mayHold: (directory: string) => boolean;
  readonly #files: Artifact[] = [];
  readonly #refused: RefusedArtifact[] = [];
  #refusedCount = 0;
  #bytes = 0;

  constructor(view: WorkspaceView, store: ArtifactStore, wish: ArtifactWish, source: ArtifactSource) {
    this.#view = view;
    this.#store = store;
    this.#wish = wish;
    this.#source = source;
    this.#isWanted = matchingOf(wish.globs);
    this.#mayHold = mayHoldMatches(wish.globs);
  }

  run(): ArtifactsOutcome {
    this.#collectIn("", this.#view.sides);
    const { globs, directory } = this.#wish;
    const missing = globs.filter((glob) => !this.#files.some(({ path }) => matchingOf([glob])(path)));
    return { directory, files: this.#files, refused: this.#refused, refusedCount: this.#refusedCount, missing };
  }

  #refuse(path: string, reason: ArtifactRefusal, errno?: string): void {
    this.#refusedCount += 1;
    if (this.#refused.length < refusedShown)
      this.#refused.push({ path, reason, ...(errno === undefined ? {} : { errno }) });
  }

  #collectIn(directory: string, sides: Sides): void {
    let entries: ViewEntry[];
    try {
      entries = this.#view.entries(directory, sides);
    } catch (error) {
      // What went away meanwhile is no loss that anybody could name.
      return errnoOf(error) === "ENOENT" ? undefined : this.#refuse(directory, "unreadable", errnoOf(error));
    }
    for (const entry of entries) this.#collectEntry(join(directory, entry.name), entry, sides);
  }

  #collectEntry(path: string, { side, isUnreadable }: ViewEntry, sides: Sides): void {
    const isWanted = this.#isWanted(path);
    if (this.#source.denied.includes(`${this.#source.workspace}/${path}`))
      return isWanted || this.#mayHold(path) ? this.#refuse(path, "denied") : undefined;
    if (isUnreadable) return isWanted ? this.#refuse(path, "name") : undefined;
    const stats = this.#look(path, side, isWanted);
    if (stats?.isDirectory() === true) return this.#collectDirectory(path, side, sides, stats);
    if (stats === undefined || !isWanted) return undefined;
    if (stats.isSymbolicLink()) return this.#refuse(path, "symlink");
    return stats.isFile() ? this.#collectFile(path, side) : this.#refuse(path, "special");
  }

  #look(path: string, side: ViewEntry["side"], isWanted: boolean): BigIntStats | undefined {
    try {
      return this.#view.stats(side, path);
    } catch (error) {
      const errno = errnoOf(error);
      if (isWanted && errno !== "ENOENT") this.#refuse(path, "unreadable", errno);
      return undefined;
    }
  }

  #collectDirectory(path: string, side: ViewEntry["side"], sides: Sides, stats: BigIntStats): void {
    const { hidden, workspace } = this.#source;
    if (hidden.includes(`${workspace}/${path}`) || this.#store.isItself(stats)) return;
    if (this.#isWanted(path) || this.#mayHold(path)) this.#collectIn(path, this.#view.sidesOf(path, side, sides));
  }

  #collectFile(path: string, side: ViewEntry["side"]): void {
    if (this.#files.length >= this.#wish.filesMax) return this.#refuse(path, "too-many-files");
    let source: number;
    try {
      source = openSync(this.#view.entry(side, path), readFlags);
    } catch (error) {
      return this.#refuse(path, "unreadable", errnoOf(error));
    }
    try {
      const problem = this.#problemOf(fstatSync(source, { bigint: true }), side);
      if (problem !== undefined) return this.#refuse(path, problem);
      const artifact = this.#store.put(path, source);
      this.#bytes += artifact.bytes;
      this.#files.push(artifact);
    } catch (error) {
      this.#refuseFailed(path, error);
    } finally {
      closeSync(source);
    }
  }

  /** Of the file that was opened, whatever lay there when it was looked at. */
  #problemOf({ mode, uid, size }: BigIntStats, side: ViewEntry["side"]): ArtifactRefusal | undefined {
    if ((mode & BigInt(constants.S_IFMT)) !== BigInt(constants.S_IFREG)) return "changed";
    const owner = this.#source.owners?.[side];
    if (owner !== undefined && uid !== BigInt(owner) && (mode & othersRead) === 0n) return "unreadable";
    return this.#bytes + Number(size) > this.#wish.bytesMax ? "too-many-bytes" : undefined;
  }

  #refuseFailed(path: string, error: unknown): void {
    if (error instanceof ChangedMeanwhile) this.#refuse(path, "changed");
    else if (error instanceof Unwritable) this.#refuse(path, "unwritable", error.errno);
    else this.#refuse(path, "unreadable", errnoOf(error));
  }
}

/** Collects. @throws CupelError `set-up` where the job's layer cannot be understood, and the errno of a workspace that is gone. */
export function collectArtifacts(wish: ArtifactWish, store: ArtifactStore, source: ArtifactSource): ArtifactsOutcome {
  const view = new WorkspaceView(source.workspace, source.layer, source.places);
  try {
    return new Collection(view, store, wish, source).run();
  } finally {
    view.close();
  }
}
