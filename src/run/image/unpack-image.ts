/** An image as a directory: unpacked once, into a state directory, by the digest of its manifest. */
import { mkdirSync, renameSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import { isThere } from "../../host/is-there.ts";
import { namesIn } from "../../host/names-in.ts";
import { CupelError } from "../../model/error.ts";
import { isRunning } from "../control-groups.ts";
import type { JobSurroundings } from "../job-paths.ts";
import { findLayerPlace } from "../layer-place.ts";
import { removeTree } from "../remove-tree.ts";
import { ImageFault } from "./image-fault.ts";
import type { UnpackCaps } from "./layer-tree.ts";
import { OciLayout } from "./oci-layout.ts";
import { unpackLayers } from "./unpack-layers.ts";

/** Of an image, unpacked. */
const caps: UnpackCaps = { bytesMax: 8 * 1024 ** 3, entriesMax: 1_000_000 };

/** The name of the machine in Go's words, which images use. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Below a state directory. */
function imagesIn(stateDirectory: string): string {
  return `${stateDirectory}/images`;
}

/** Being unpacked, and by whom. */
const unpackingName = /^unpacking-(\d+)-[0-9a-z]+$/;

function removeAbandoned(images: string): void {
  for (const name of namesIn(images)) {
    const owner = unpackingName.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) removeTree(`${images}/${name}`);
  }
}

/** Nobody finds it before it is whole. Of two that unpack the same, one is first. */
async function unpackInto(images: string, digest: string, layout: OciLayout): Promise<string> {
  const finished = `${images}/${digest.slice("sha256:".length)}`;
  if (isThere(finished)) return finished;
  const own = `${images}/unpacking-${process.pid}-${Math.floor(Math.random() * 36 ** 8).toString(36)}`;
  try {
    mkdirSync(images, { recursive: true, mode: 0o700 });
    removeAbandoned(images);
    mkdirSync(own, { mode: 0o755 });
    await unpackLayers(layout, own, caps);
    renameSync(own, finished);
  } catch (error) {
    removeTree(own);
    if (!isThere(finished)) throw error;
  }
  return finished;
}

function reworded(error: unknown, path: string, stated: string): unknown {
  if (error instanceof ImageFault)
    return new CupelError("usage", `${stated} image:${path}: ${error.message}`, { cause: error });
  if (error instanceof CupelError || !(error instanceof Error)) return error;
  const errno = errnoOf(error);
  const isDamaged = errno.startsWith("Z_");
  return isDamaged
    ? new CupelError("usage", `${stated} image:${path}: a layer is damaged (${errno})`, { cause: error })
    : new CupelError("set-up", `${path} could not be unpacked: ${errno}`, { cause: error });
}

/**
 * The directory that the image at `path`, a layout, is unpacked in.
 * @throws CupelError `usage` for an image that is none, not what it says, or too large; `set-up` where there is no place.
 */
export async function unpackImage(
  path: string,
  stated: string,
  { host, stateDirectories }: Pick<JobSurroundings, "host" | "stateDirectories">,
): Promise<string> {
  const place = findLayerPlace(stateDirectories, host.identity.uid, path);
  if (place === undefined) throw new CupelError("set-up", `There is no place to unpack ${path} in`);
  const umask = process.umask(0o022);
  try {
    const layout = new OciLayout(path, architectures[host.architecture] ?? host.architecture);
    return await unpackInto(imagesIn(place.directory), layout.findManifest().digest, layout);
  } catch (error) {
    throw reworded(error, path, stated);
  } finally {
    process.umask(umask);
  }
}
