/** An image layout as a directory: unpacked once, by the digest of its manifest. */
import type { JobSurroundings } from "../job-paths.ts";
import { imageArchitecture, imageCaps, storeImage } from "./image-store.ts";
import { OciLayout } from "./oci-layout.ts";
import { unpackLayers } from "./unpack-layers.ts";

/**
 * The directory that the image at `path`, a layout, is unpacked in.
 * @throws CupelError `usage` for an image that is none, not what it says, or too large; `set-up` where there is no place.
 */
export function unpackImage(
  path: string,
  stated: string,
  surroundings: Pick<JobSurroundings, "host" | "stateDirectories">,
): Promise<string> {
  const open = (): OciLayout => new OciLayout(path, imageArchitecture(surroundings.host));
  return storeImage({ shown: path, stated, path }, surroundings, {
    name: () => open().findManifest().digest.slice("sha256:".length),
    fill: (root) => unpackLayers(open(), root, imageCaps),
  });
}
