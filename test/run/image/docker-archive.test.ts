import { describe, expect, test } from "bun:test";
import { readFileSync, symlinkSync } from "node:fs";
import { DockerArchive } from "../../../src/run/image/docker-archive.ts";
import { ImageFault } from "../../../src/run/image/image-fault.ts";
import { unpackLayers } from "../../../src/run/image/unpack-layers.ts";
import { archiveOf, digestOf } from "../../support/oci-image.ts";
import { makeTempDir, type TempDir } from "../../support/temp-dir.ts";
import { readTree } from "../../support/tree.ts";

const caps = { bytesMax: 1024 * 1024, entriesMax: 100 };
const layers = [
  archiveOf([{ name: "a", content: "a" }]),
  archiveOf([{ name: "b", content: "b" }]),
  archiveOf([{ name: "a", content: "a" }]),
];
const names = ["1/layer.tar", "2/layer.tar", "3/layer.tar"];

/** As Docker 20.10 writes it, its third layer being the first one again; gives the image's id. */
function writeArchive(directory: TempDir, files: readonly string[] = names): string {
  directory.file("image/1/layer.tar", layers[0]);
  directory.file("image/2/layer.tar", layers[1]);
  directory.folder("image/3");
  symlinkSync("../1/layer.tar", directory.at("image/3/layer.tar"));
  const configuration = JSON.stringify({ rootfs: { type: "layers", diff_ids: layers.map(digestOf) } });
  const id = digestOf(configuration).slice("sha256:".length);
  directory.file(`image/${id}.json`, configuration);
  directory.file("image/manifest.json", JSON.stringify([{ Config: `${id}.json`, RepoTags: null, Layers: files }]));
  return id;
}

async function problem(directory: TempDir, id: string): Promise<unknown> {
  const root = directory.folder("root");
  try {
    await unpackLayers(new DockerArchive(directory.at("image"), id), root, caps);
    return readTree(root).map((line) => line.replace(/ .*/, ""));
  } catch (error) {
    return error instanceof ImageFault ? error.message.replaceAll(/[0-9a-f]{12,}/g, "HASH") : error;
  }
}

describe("DockerArchive", () => {
  test("is unpacked layer by layer, of which some are the same file", async () => {
    using directory = makeTempDir();
    expect(await problem(directory, writeArchive(directory))).toEqual(["a", "b"]);
    expect(readFileSync(directory.at("root/a"), "utf8")).toBe("a");
  });

  test("is refused where it is not what was asked for, or not whole", async () => {
    using directory = makeTempDir();
    const id = writeArchive(directory);
    expect(await problem(directory, "0".repeat(64))).toBe("HASH.json is not what its digest says");
    directory.file("image/2/layer.tar", layers[0]);
    expect(await problem(directory, id)).toBe("sha256:HASH is not what its digest says");
    directory.file("image/manifest.json", "[]");
    expect(await problem(directory, id)).toStartWith("manifest.json is not what an image has there (");
  });

  test.each([
    [["1/layer.tar"], "it has not as many layers as its configuration names"],
    [["3/layer.tar", "2/layer.tar", "3/layer.tar"], "the layer sha256:HASH is not there"],
    [
      ["1/layer.tar", "../2/layer.tar", "3/layer.tar"],
      "manifest.json is not what an image has there (a name leads elsewhere)",
    ],
    [
      ["1/layer.tar", "/2/layer.tar", "3/layer.tar"],
      "manifest.json is not what an image has there (a name leads elsewhere)",
    ],
  ])("with the layers %j is refused", async (files, message) => {
    using directory = makeTempDir();
    expect(await problem(directory, writeArchive(directory, files))).toBe(message);
  });
});
