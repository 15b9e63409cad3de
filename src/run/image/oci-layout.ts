/** An OCI image layout: a directory with `oci-layout`, `index.json` and blobs, each called by its SHA-256 (OCI image specification). */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type ReadStream,
} from "node:fs";
import * as v from "valibot";
import { errnoOf } from "../../host/errno-of.ts";
import { ImageFault } from "./image-fault.ts";

/** A blob by its digest. Of what else stands in it, nothing is needed. */
const descriptorSchema = v.object({
  mediaType: v.optional(v.string(), ""),
  digest: v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, "a digest is not SHA-256")),
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  platform: v.optional(v.object({ os: v.string(), architecture: v.string() })),
});

/** One of them. */
export type Descriptor = v.InferOutput<typeof descriptorSchema>;

/** An open blob. */
export interface OpenBlob {
  readonly stream: ReadStream;
  /** Its first bytes, in hexadecimal. */
  readonly magic: string;
}

const indexSchema = v.object({ manifests: v.array(descriptorSchema) });
const manifestSchema = v.object({ layers: v.array(descriptorSchema) });
const layoutSchema = v.object({ imageLayoutVersion: v.pipe(v.string(), v.startsWith("1.")) });

/** Of an index or a manifest: registries allow as much. */
const documentBytesMax = 4 * 1024 * 1024;

/** An index may lead to an index; more of that is nobody's image. */
const indexDepthMax = 3;

const indexTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];

/** No link, which could lead to any file of the caller's. */
function openFile(path: string, name: string): number {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    throw new ImageFault(`${name} cannot be read (${errnoOf(error)})`, { cause: error });
  }
  throw new ImageFault(`${name} is not a file`);
}

function parseDocument<Schema extends v.GenericSchema>(
  text: string,
  name: string,
  schema: Schema,
): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (error) {
    throw new ImageFault(`${name} is not what an image has there (${error instanceof Error ? error.message : "?"})`, {
      cause: error,
    });
  }
}

function readText(path: string, name: string): string {
  const descriptor = openFile(path, name);
  try {
    if (fstatSync(descriptor).size > documentBytesMax) throw new ImageFault(`${name} is too long`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** The name that a blob has for people. */
export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

/** An opened layout. */
export class OciLayout {
  readonly #path: string;
  readonly #architecture: string;

  /** `architecture` is in Go's words, as images have it: `amd64`. @throws ImageFault for a directory that is none. */
  constructor(path: string, architecture: string) {
    this.#path = path;
    this.#architecture = architecture;
    parseDocument(readText(`${path}/oci-layout`, "oci-layout"), "oci-layout", layoutSchema);
  }

  #blobPath({ digest }: Descriptor): string {
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
    if (`sha256:${createHash("sha256").update(text).digest("hex")}` !== descriptor.digest)
      throw new ImageFault(`${name} is not what its digest says`);
    return text;
  }

  /** Its layers, the lowest first. @throws ImageFault for a manifest that is none. */
  layersOf(manifest: Descriptor): readonly Descriptor[] {
    return parseDocument(this.#readDocument(manifest), shortDigest(manifest.digest), manifestSchema).layers;
  }

  /**
   * A blob, once it was read to its end and seen to be what its digest says. Who can change it meanwhile has what its
   * unpacking does, which is nothing to anybody but the job: see layer-tree.ts.
   * @throws ImageFault where it is not.
   */
  async openBlob(layer: Descriptor): Promise<OpenBlob> {
    const name = shortDigest(layer.digest);
    const descriptor = openFile(this.#blobPath(layer), name);
    try {
      const hash = createHash("sha256");
      for await (const chunk of createReadStream("", { fd: descriptor, autoClose: false, start: 0 })) {
        hash.update(chunk as Buffer);
      }
      if (`sha256:${hash.digest("hex")}` !== layer.digest) throw new ImageFault(`${name} is not what its digest says`);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    const first = Buffer.alloc(4);
    const magic = first.toString("hex", 0, readSync(descriptor, first, 0, first.length, 0));
    return { stream: createReadStream("", { fd: descriptor, start: 0 }), magic };
  }
}
