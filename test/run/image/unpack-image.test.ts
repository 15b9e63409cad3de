import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { createRealHost } from "../../../src/host/real-host.ts";
import { CupelError } from "../../../src/model/error.ts";
import { unpackImage } from "../../../src/run/image/unpack-image.ts";
import { addBlob, archiveOf, digestOf, layerOf, ownArchitecture, writeLayout } from "../../support/oci-image.ts";
import { makeTempDir, type TempDir } from "../../support/temp-dir.ts";
import { ownPlace } from "../../../src/run/maker.ts";
import { readTree } from "../../support/tree.ts";

const hash = (content: string): string => digestOf(content).slice(7, 23);

describe("unpackImage", () => {
  const host = createRealHost();

  interface Told {
    readonly message: string;
    readonly path: string;
  }

  async function tell(image: TempDir, state: TempDir): Promise<Told> {
    try {
      const path = await unpackImage(image.path, "--root", { host, stateDirectories: [state.path] });
      return { message: "", path };
    } catch (error) {
      if (!(error instanceof CupelError) || error.code !== "usage") throw error;
      return { message: error.message.replace(`--root image:${image.path}: `, ""), path: "" };
    }
  }

  async function refusalOf(prepare: (image: TempDir) => void): Promise<string> {
    using image = makeTempDir();
    using state = makeTempDir({ mode: 0o700 });
    writeLayout(image, [layerOf([{ name: "a", content: "a" }])]);
    prepare(image);
    const { message } = await tell(image, state);
    // Nothing half unpacked stays.
    expect(readTree(state.path).filter((line) => !line.startsWith("images "))).toEqual([]);
    return message;
  }

  test("unpacks once, by the digest of the manifest, and nobody finds it before it is whole", async () => {
    using image = makeTempDir();
    using state = makeTempDir({ mode: 0o700 });
    writeLayout(image, [layerOf([{ name: "a", content: "a" }]), archiveOf([{ name: "b", content: "b" }])]);
    mkdirSync(state.at("images"));
    mkdirSync(state.at(`images/unpacking-999999999-${ownPlace()}-left`));
    const first = await tell(image, state);
    const tree = readTree(state.path).map((line) => line.replace(/ \d+:\d+ /, " "));
    expect(first.path).toStartWith(`${state.path}/images/`);
    const name = first.path.slice(state.path.length + 1);
    expect(tree).toEqual([
      "images 755 directory",
      `${name} 755 directory`,
      `${name}/a 644 ${hash("a")}`,
      `${name}/b 644 ${hash("b")}`,
    ]);
    const before = lstatSync(`${first.path}/a`).ino;
    expect(await tell(image, state)).toEqual(first);
    expect(lstatSync(`${first.path}/a`).ino).toBe(before);
  });

  const short = (digest: string): string => digest.slice(0, 19);

  test("refuses a layer that is not what its digest says", async () => {
    const layer = layerOf([{ name: "a", content: "a" }]);
    const said = await refusalOf((image) =>
      image.file(`blobs/sha256/${digestOf(layer).slice(7)}`, layerOf([{ name: "b" }])),
    );
    expect(said).toBe(`${short(digestOf(layer))} is not what its digest says`);
  });

  test("refuses a blob that is a link", async () => {
    const layer = layerOf([{ name: "b", content: "b" }]);
    const said = await refusalOf((image) => {
      writeLayout(image, [layer]);
      const path = image.at(`blobs/sha256/${digestOf(layer).slice(7)}`);
      writeFileSync(image.at("elsewhere"), layer);
      unlinkSync(path);
      symlinkSync("../../elsewhere", path);
    });
    expect(said).toBe(`${short(digestOf(layer))} cannot be read (ELOOP)`);
  });

  test.each<[string, (image: TempDir) => void, RegExp]>([
    ["no layout", (image) => image.file("oci-layout", "{}"), /^oci-layout is not what an image has there/],
    ["no index", (image) => image.file("index.json", "[]"), /^index.json is not what an image has there/],
    ["no image", (image) => image.file("index.json", '{"manifests": []}'), /^it has no image for linux\//],
    [
      "an image for another machine",
      (image) => {
        const descriptor = addBlob(image, "{}", "application/vnd.oci.image.manifest.v1+json");
        const platform = { os: "linux", architecture: "s390x" };
        image.file("index.json", JSON.stringify({ manifests: [{ ...descriptor, platform }] }));
      },
      /^it has no image for linux\//,
    ],
    [
      "two images",
      (image) => {
        const descriptor = addBlob(image, "{}", "application/vnd.oci.image.manifest.v1+json");
        image.file("index.json", JSON.stringify({ manifests: [descriptor, descriptor] }));
      },
      /^it holds 2 images; leave one in its index.json$/,
    ],
    [
      "a digest that leads elsewhere",
      (image) =>
        image.file("index.json", JSON.stringify({ manifests: [{ digest: "sha256:../../../etc/passwd", size: 1 }] })),
      /^index.json is not what an image has there \(a digest is not SHA-256\)$/,
    ],
    [
      "Zstandard",
      (image) => writeLayout(image, [Buffer.from("28b52ffd00", "hex")]),
      /^a layer is compressed with Zstandard; have it made with gzip$/,
    ],
    ["an empty layer", (image) => writeLayout(image, [Buffer.alloc(0)]), /^a layer is empty$/],
    ["no archive", (image) => writeLayout(image, [Buffer.alloc(600, "x")]), /^a layer is no tar archive$/],
    [
      "damage",
      (image) => writeLayout(image, [layerOf([{ name: "a", content: "a".repeat(5000) }]).subarray(0, 40)]),
      /^a layer is damaged \(Z_\w+\)$/,
    ],
  ])("refuses %s", async (_, prepare, message) => {
    expect(await refusalOf(prepare)).toMatch(message);
  });

  test("follows an index to the image for this machine", async () => {
    using image = makeTempDir();
    using state = makeTempDir({ mode: 0o700 });
    const layer = addBlob(image, layerOf([{ name: "a", content: "a" }]), "");
    const manifest = addBlob(image, JSON.stringify({ layers: [layer] }), "application/vnd.oci.image.manifest.v1+json");
    const platform = { os: "linux", architecture: ownArchitecture };
    const other = { ...manifest, platform: { os: "linux", architecture: "s390x" } };
    const index = JSON.stringify({ manifests: [other, { ...manifest, platform }] });
    const descriptor = addBlob(image, index, "application/vnd.oci.image.index.v1+json");
    image.file("oci-layout", '{"imageLayoutVersion": "1.0.0"}');
    image.file("index.json", JSON.stringify({ manifests: [descriptor] }));
    const { path } = await tell(image, state);
    expect(readFileSync(`${path}/a`, "utf8")).toBe("a");
  });
});
