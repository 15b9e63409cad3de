/** An OCI image layout: a directory with `oci-layout`, `index.json` and blobs, each called by its SHA-256 (OCI image specification). */
import * as v from "valibot";
import { ImageFault } from "./image-fault.ts";
import { digestOf, openBlob, parseDocument, readText, shortDigest, type OpenBlob } from "./image-files.ts";
import type { ImageLayer, ImageLayers } from "./unpack-layers.ts";

/** A blob by its digest. Of what else stands in it, nothing is needed. */
const descriptorSchema = v.object({
  mediaType: v.optional(v.string(), ""),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, "a digest is not SHA-256")),
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  platform: v.optional(v.object({ os: v.string(), architecture: v.string() })),
});

/** One of them. */
export type Descriptor = v.InferOutput<typeof descriptorSchema>;

const indexSchema = v.object({ manifests: v.array(descriptorSchema) });
const manifestSchema = v.object({ layers: v.array(descriptorSchema) });
const layoutSchema = v.object({ imageLayoutVersion: v.pipe(v.string(), v.startsWith("1.")) });

/** An index may lead to an index; more of that is nobody's image. */
const indexDepthMax = 3;

const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** An opened layout. */
export class OciLayout implements ImageLayers {
  readonly #path: string;
  readonly #architecture: string;

  /** `architecture` is in Go's words, as images have it: `amd64`. @throws ImageFault for a directory that is none. */
  constructor(path: string, architecture: string) {
    this.#path = path;
    this.#architecture = architecture;
    parseDocument(readText(`${path}/oci-layout`, "oci-layout"), "oci-layout", layoutSchema);
  }

  #blobPath({ digest }: ImageLayer): string {
    return `${this.#path}/blobs/sha256/${digest.slice("sha256:".length)}`;
  }

  /** The one image in it for this machine. @throws ImageFault where there is none, or more than one. */
  findManifest(): Descriptor {
    const text = readText(`${this.#path}/index.json`, "index.json");
    return this.#choose(parseDocument(text, "index.json", indexSchema).manifests, 1);
  }

  #choose(manifests: readonly Descriptor[], depth: number): Descriptor {
    const fit = manifests.filter(
      ({ platform }) =>
        platform === undefined || (platform.os === "linux" && platform.architecture === this.#architecture),
    );
    const [manifest, ...others] = fit;
    if (manifest === undefined) throw new ImageFault(`it has no image for linux/${this.#architecture}`);
    if (others.length > 0) throw new ImageFault(`it holds ${fit.length} images; leave one in its index.json`);
    if (!indexTypes.includes(manifest.mediaType)) return manifest;
    if (depth >= indexDepthMax) throw new ImageFault("its indexes lead to ever more indexes");
    const name = shortDigest(manifest.digest);
    return this.#choose(parseDocument(this.#readDocument(manifest), name, indexSchema).manifests, depth + 1);
  }

  #readDocument(descriptor: Descriptor): string {
    const name = shortDigest(descriptor.digest);
    const text = readText(this.#blobPath(descriptor), name);
    if (digestOf(text) !== descriptor.digest) throw new ImageFault(`${name} is not what its digest says`);
    return text;
  }

  /** Those of the one image, the lowest first. @throws ImageFault for a manifest that is none. */
  layers(): readonly Descriptor[] {
    const manifest = this.findManifest();
    return parseDocument(this.#readDocument(manifest), shortDigest(manifest.digest), manifestSchema).layers;
  }

  openLayer(layer: ImageLayer): Promise<OpenBlob> {
    return openBlob(this.#blobPath(layer), layer.digest);
  }
}
