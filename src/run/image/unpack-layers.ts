/** All layers of an image, one above the other. */
import { ByteReader } from "./byte-reader.ts";
import { decompress } from "./decompress.ts";
import { LayerTree, type UnpackCaps } from "./layer-tree.ts";
import type { OciLayout } from "./oci-layout.ts";
import { readTarEntries } from "./tar-entries.ts";

/** Unpacks every layer of a layout's image into `root`. @throws ImageFault for what is wrong with it, or the errno. */
export async function unpackLayers(
  layout: OciLayout,
  root: string,
  { bytesMax, entriesMax }: UnpackCaps,
): Promise<void> {
  const tree = new LayerTree(root, { entriesMax });
  let bytes = 0;
  try {
    for (const layer of layout.layersOf(layout.findManifest())) {
      const blob = await layout.openBlob(layer);
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
