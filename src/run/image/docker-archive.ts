/**
 * What `docker save` wrote before Docker 25: `manifest.json`, which names the configuration and an archive for each layer.
 * The image's id is the digest of the configuration, and that has the digests of the layers (Docker image specification 1.2).
 */
import { lstatSync } from "node:fs";
import * as v from "valibot";
import { ImageFault } from "./image-fault.ts";
import { digestOf, openBlob, parseDocument, readText, type OpenBlob } from "./image-files.ts";
import type { ImageLayer, ImageLayers } from "./unpack-layers.ts";

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, "a digest is not SHA-256"));

/** A name below the archive's root that leads nowhere else. */
const name = v.pipe(v.string(), v.regex(/^(?!\.)[0-9a-z._-]+(\/(?!\.)[0-9a-z._-]+)*$/, "a name leads elsewhere"));

const manifestSchema = v.pipe(
  v.array(v.object({ Config: name, Layers: v.array(name) })),
  v.length(1, "there is more than one image"),
);

const configurationSchema = v.object({ rootfs: v.object({ diff_ids: v.array(digest) }) });

/** An unpacked one. */
export class DockerArchive implements ImageLayers {
  readonly #path: string;
  readonly #id: string;
  readonly #files = new Map<string, string>();

  /** `id`: of the image that was asked for. */
  constructor(path: string, id: string) {
    this.#path = path;
    this.#id = id;
  }

  layers(): readonly ImageLayer[] {
    const manifest = parseDocument(
      readText(`${this.#path}/manifest.json`, "manifest.json"),
      "manifest.json",
      manifestSchema,
    );
    const { Config: configurationName = "", Layers: files = [] } = manifest[0] ?? {};
    const text = readText(`${this.#path}/${configurationName}`, configurationName);
    if (digestOf(text) !== `sha256:${this.#id}`)
      throw new ImageFault(`${configurationName} is not what its digest says`);
    const digests = parseDocument(text, configurationName, configurationSchema).rootfs.diff_ids;
    if (digests.length !== files.length) throw new ImageFault("it has not as many layers as its configuration names");
    digests.forEach((one, index) => this.#note(one, files[index] ?? ""));
    return digests.map((one) => ({ digest: one }));
  }

  /** Of layers that are the same all but one are symlinks. */
  #note(one: string, file: string): void {
    const path = `${this.#path}/${file}`;
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) this.#files.set(one, path);
  }

  openLayer({ digest: one }: ImageLayer): Promise<OpenBlob> {
    const path = this.#files.get(one);
    if (path === undefined) throw new ImageFault(`the layer ${one} is not there`);
    return openBlob(path, one);
  }
}
