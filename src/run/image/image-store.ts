/** Images as directories: each unpacked once, into a state directory, by the digest that it is known by. */
import { mkdirSync, renameSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import type { Host } from "../../host/host.ts";
import { isThere } from "../../host/is-there.ts";
import { namesIn } from "../../host/names-in.ts";
import { CupelError } from "../../model/error.ts";
import { isLeft, makerFrom } from "../gone-maker.ts";
import type { JobSurroundings } from "../job-paths.ts";
import { findLayerPlace } from "../layer-place.ts";
import { removeTree } from "../remove-tree.ts";
import { unpackingName, unpackingPattern } from "../run-id.ts";
import { ImageFault } from "./image-fault.ts";
import type { UnpackCaps } from "./layer-tree.ts";

/** Of an image, unpacked. */
export const imageCaps: UnpackCaps = { bytesMax: 8 * 1024 ** 3, entriesMax: 1_000_000 };

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The name of the machine in Go's words, which images use. */
export function imageArchitecture({ architecture }: Pick<Host, "architecture">): string {
  return architectures[architecture] ?? architecture;
}

function removeAbandoned(images: string): void {
  for (const name of namesIn(images)) {
    const made = unpackingPattern.exec(name);
    if (made !== null && isLeft(makerFrom(made), `${images}/${name}`)) removeTree(`${images}/${name}`);
  }
}

/** `make` gives new directories under names that nobody looks at; what of them is still there in the end goes. */
async function withPlaces<Value>(images: string, use: (make: () => string) => Promise<Value>): Promise<Value> {
  const made: string[] = [];
  const make = (): string => {
    const path = `${images}/${unpackingName()}`;
    made.push(path);
    mkdirSync(path, { mode: 0o755 });
    return path;
  };
  try {
    mkdirSync(images, { recursive: true, mode: 0o700 });
    removeAbandoned(images);
    return await use(make);
  } finally {
    made.forEach(removeTree);
  }
}

/** Fills `root`; `make` gives another directory, where one is needed meanwhile. */
type Fill = (root: string, make: () => string) => Promise<void>;

/** Nobody finds it before it is whole. Of two that unpack the same, one is first. */
async function unpackInto(images: string, name: string, fill: Fill): Promise<string> {
  const finished = `${images}/${name}`;
  if (isThere(finished)) return finished;
  try {
    await withPlaces(images, async (make) => {
      const root = make();
      await fill(root, make);
      renameSync(root, finished);
    });
  } catch (error) {
    if (!isThere(finished)) throw error;
  }
  return finished;
}

function reworded(error: unknown, shown: string, stated: string): unknown {
  if (error instanceof ImageFault)
    return new CupelError("usage", `${stated} image:${shown}: ${error.message}`, { cause: error });
  if (error instanceof CupelError || !(error instanceof Error)) return error;
  const errno = errnoOf(error);
  const isDamaged = errno.startsWith("Z_");
  return isDamaged
    ? new CupelError("usage", `${stated} image:${shown}: a layer is damaged (${errno})`, { cause: error })
    : new CupelError("set-up", `${shown} could not be unpacked: ${errno}`, { cause: error });
}

/** An image, as it was stated; `path`: where it lies, if that is a directory, in which its copy cannot lie. */
export interface StatedImage {
  readonly shown: string;
  readonly stated: string;
  readonly path?: string | undefined;
}

/** What unpacks it. */
export interface Unpacking {
  /** By which it is known: 64 hexadecimal digits. */
  readonly name: () => string;
  readonly fill: Fill;
}

/**
 * The directory that it is unpacked in.
 * @throws CupelError `usage` for an image that is none, not what it says, or too large; `set-up` where there is no place.
 */
export async function storeImage(
  { shown, stated, path }: StatedImage,
  { host, stateDirectories }: Pick<JobSurroundings, "host" | "stateDirectories">,
  { name, fill }: Unpacking,
): Promise<string> {
  const place = findLayerPlace(stateDirectories, host.identity.uid, path);
  if (place === undefined) throw new CupelError("set-up", `There is no place to unpack ${shown} in`);
  const umask = process.umask(0o022);
  try {
    return await unpackInto(`${place.directory}/images`, name(), fill);
  } catch (error) {
    throw reworded(error, shown, stated);
  } finally {
    process.umask(umask);
  }
}
