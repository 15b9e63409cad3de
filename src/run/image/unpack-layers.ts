/** All layers of an image, one above the other. */
import { ByteReader } from "./byte-reader.ts";
import { decompress } from "./decompress.ts";
import { LayerTree, type UnpackCaps } from "./layer-tree.ts";
import type { OpenBlob } from "./image-files.ts";
import { readTarEntries } from "./tar-entries.ts";

/** One of them, by the digest of its bytes. */
export interface ImageLayer {
  readonly digest: string;
}

/** An image's layers, in whatever way they lie there. */
export interface ImageLayers {
  /** The lowest first. @throws ImageFault for what is no image. */
  layers(): readonly ImageLayer[];
  /** @throws ImageFault where it is not what its digest says. */
  openLayer(layer: ImageLayer): Promise<OpenBlob>;
}

/** Unpacks every layer of an image into `root`. @throws ImageFault for what is wrong with it, or the errno. */
export async function unpackLayers(
  image: ImageLayers,
  root: string,
  { bytesMax, entriesMax }: UnpackCaps,
): Promise<void> {
  const tree = new LayerTree(root, { entriesMax });
  let bytes = 0;
  try {
    for (const layer of image.layers()) {
      const blob = await image.openLayer(layer);
      try {
        const content = decompress(blob);
        const reader = new ByteReader(content, bytesMax - bytes);
        await tree.add(readTarEntries(reader)).finally(() => content.destroy());
        bytes += reader.bytes;
      } finally {
        blob.stream.destroy();
      }
    }
  } finally {
    tree.close();
  }
}
