/** Images that are what they say, and images that are made to reach out of the directory that they are unpacked in. */
import { describe, expect, test } from "bun:test";
import { lstatSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { ImageFault } from "../../../src/run/image/image-fault.ts";
import { OciLayout } from "../../../src/run/image/oci-layout.ts";
import { unpackLayers } from "../../../src/run/image/unpack-layers.ts";
import {
  archiveOf,
  digestOf,
  layerOf,
  ownArchitecture,
  paxEntry,
  writeLayout,
  type ArchiveEntry,
} from "../../support/oci-image.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { readTree } from "../../support/tree.ts";

const caps = { bytesMax: 1024 ** 2, entriesMax: 1000 };

interface Unpacked {
  /** Every entry with its mode and content; what was said where it was refused. */
  readonly tree: readonly string[];
  readonly refusal: string;
  /** What lies beside the root: nobody may have touched it. */
  readonly beside: string;
}

/** Unpacks layers, each of these entries, beside a file that nothing may change. */
async function unpack(...layers: readonly (readonly ArchiveEntry[])[]): Promise<Unpacked> {
  using directory = makeTempDir();
  writeLayout({ file: (name, content) => directory.file(`image/${name}`, content) }, layers.map(layerOf));
  const root = directory.folder("root");
  const beside = directory.file("beside", "untouched");
  let refusal = "";
  try {
    await unpackLayers(new OciLayout(directory.at("image"), ownArchitecture), root, caps);
  } catch (error) {
    refusal = error instanceof Error ? error.message : "no error";
  }
  const tree = readTree(root).map((line) => line.replace(/ \d+:\d+ /, " "));
  const { nlink } = lstatSync(beside);
  return { tree, refusal, beside: `${readFileSync(beside, "utf8")} ${nlink}` };
}

const folder = (name: string, mode = 0o755): ArchiveEntry => ({ name, type: "5", mode });
const link = (name: string, linkName: string): ArchiveEntry => ({ name, type: "2", linkName });
const hardLink = (name: string, linkName: string): ArchiveEntry => ({ name, type: "1", linkName });
const hash = (content: string): string => digestOf(content).slice(7, 23);
const untouched = "untouched 1";

describe("an image", () => {
  test("is what its layers come to, one above the other", async () => {
    const lower = [
      folder("./"),
      folder("./etc/"),
      { name: "./etc/kept", content: "kept" },
      { name: "./etc/gone", content: "gone" },
      folder("opaque"),
      { name: "opaque/lower", content: "lower" },
      { name: "file", content: "file" },
      folder("dir"),
      { name: "dir/inner", content: "inner" },
    ];
    const upper = [
      { name: "etc/.wh.gone" },
      { name: "opaque/upper", content: "upper" },
      { name: "opaque/.wh..wh..opq" },
      folder("file"),
      { name: "file/inner", content: "in" },
      { name: "dir", content: "a file now" },
      link("way", "etc"),
      hardLink("etc/twice", "etc/kept"),
    ];
    expect(await unpack(lower, upper)).toEqual({
      tree: [
        `dir 644 ${hash("a file now")}`,
        "etc 755 directory",
        `etc/kept 644 ${hash("kept")}`,
        `etc/twice 644 ${hash("kept")}`,
        "file 755 directory",
        `file/inner 644 ${hash("in")}`,
        "opaque 755 directory",
        `opaque/upper 644 ${hash("upper")}`,
        "way 777 -> etc",
      ],
      refusal: "",
      beside: untouched,
    });
  });

  test("loses set-id bits and devices, and keeps times and long names", async () => {
    const long = `${"d/".repeat(80)}file`;
    const entries = [
      { name: "su", mode: 0o6755, content: "x" },
      folder("sticky", 0o1777),
      folder("closed", 0),
      { name: "null", type: "3" },
      { name: "fifo", type: "6" },
      paxEntry({ path: long }),
      { name: "short", content: "long" },
      { name: "gnu", type: "L", content: `${"e".repeat(150)}\0` },
      { name: "short", content: "gnu" },
    ];
    const { tree, refusal } = await unpack(entries);
    expect({ refusal, tree: tree.filter((line) => !/^d(\/d)* /.test(line)) }).toEqual({
      refusal: "",
      tree: [
        "closed 700 directory",
        `${long} 644 ${hash("long")}`,
        `${"e".repeat(150)} 644 ${hash("gnu")}`,
        "sticky 777 directory",
        `su 755 ${hash("x")}`,
      ],
    });
  });
});

describe("a layer that would reach out", () => {
  const evil = { content: "evil" };
  const out = (name: string): string => `a layer has an entry that leads out of the root (${JSON.stringify(name)})`;
  const through = (path: string): string =>
    `a layer has an entry that goes through a link or a file (${JSON.stringify(path)})`;
  const noFile = (name: string): string => `a layer has a hard link to what is no file in it (${JSON.stringify(name)})`;

  test.each<[string, ArchiveEntry[], string]>([
    ["by an absolute name", [{ name: "/beside", ...evil }], out("/beside")],
    ["by ..", [{ name: "../beside", ...evil }], out("../beside")],
    ["by .. further on", [folder("a"), { name: "a/../../beside", ...evil }], out("a/../../beside")],
    ["by .. in an extended header", [paxEntry({ path: "../beside" }), { name: "a", ...evil }], out("../beside")],
    ["through a link", [link("a", ".."), { name: "a/beside", ...evil }], through("a")],
    ["through an absolute link", [link("a", "/tmp"), { name: "a/beside", ...evil }], through("a")],
    ["through a link further up", [link("a", ".."), { name: "a/b/c", ...evil }], through("a")],
    ["by a hard link", [hardLink("a", "../beside")], out("../beside")],
    ["by a hard link through a link", [link("a", ".."), hardLink("b", "a/beside")], noFile("a/beside")],
    ["by a hard link to a link", [link("a", "../beside"), hardLink("b", "a"), { name: "b", ...evil }], noFile("a")],
    ["by a mark", [{ name: "../.wh.beside" }], out("../.wh.beside")],
    ["by a mark for ..", [{ name: ".wh..." }], "a layer has a mark that hides no entry"],
    ["by a mark for nothing", [{ name: ".wh." }], "a layer has a mark that hides no entry"],
  ])("%s is refused", async (_, entries, refusal) => {
    expect(await unpack(entries)).toMatchObject({ refusal, beside: untouched });
  });

  test("by writing over a link replaces that", async () => {
    expect(await unpack([link("a", "../beside"), { name: "a", ...evil }])).toEqual({
      tree: [`a 644 ${hash("evil")}`],
      refusal: "",
      beside: untouched,
    });
  });

  test("by marks of links removes those, and nothing through them", async () => {
    const lower = [link("a", "../beside"), link("b", ".."), folder("c"), link("c/d", "..")];
    const marks = [{ name: ".wh.a" }, { name: "b/.wh..wh..opq" }, { name: "b/.wh.beside" }, { name: "c/.wh..wh..opq" }];
    expect(await unpack(lower, marks)).toEqual({
      tree: ["b 777 -> ..", "c 755 directory"],
      refusal: "",
      beside: untouched,
    });
  });

  test("by a directory where a link was replaces that", async () => {
    expect(await unpack([link("a", "..")], [folder("a"), { name: "a/beside", ...evil }])).toEqual({
      tree: ["a 755 directory", `a/beside 644 ${hash("evil")}`],
      refusal: "",
      beside: untouched,
    });
  });
});

describe("an image that is too much, or not what it says", () => {
  test("is given up at a cap, whatever it would come to: 1 GiB of zeros", async () => {
    // What is compressed can be put together from pieces (RFC 1952, 2.2).
    const zeros = gzipSync(Buffer.alloc(64 * 1024 ** 2));
    const header = gzipSync(archiveOf([{ name: "bomb", statedBytes: 1024 ** 3 }]).subarray(0, 512));
    using image = makeTempDir();
    writeLayout(image, [Buffer.concat([header, ...Array.from({ length: 16 }, () => zeros)])]);
    const layout = new OciLayout(image.path, ownArchitecture);
    const unpacked = unpackLayers(layout, image.folder("root"), caps);
    expect(await unpacked.catch((error: unknown) => error)).toEqual(
      new ImageFault("it unpacks to more than 1048576 bytes"),
    );
    expect(lstatSync(image.at("root/bomb")).size).toBeLessThanOrEqual(caps.bytesMax);
  });

  test("is given up at a cap on entries", async () => {
    const entries = Array.from({ length: 1001 }, (_, index) => ({ name: String(index) }));
    expect((await unpack(entries)).refusal).toBe("it has more than 1000 entries");
  });

  test.each<[string, ArchiveEntry[], string]>([
    ["ends too early", [{ name: "a", statedBytes: 9000 }], "a layer ends too early"],
    ["has a kind of its own", [{ name: "a", type: "S" }], 'a layer has an entry of a kind that is not unpacked ("S")'],
    [
      "has a header without end",
      [{ name: "a", type: "x", statedBytes: 2 ** 21 }],
      "a layer has an extended header that is too long",
    ],
    ["has a size that is none", [paxEntry({ size: "-1" }), { name: "a" }], "a layer has a file of a size that is none"],
  ])("is refused where it %s", async (_, entries, refusal) => {
    expect((await unpack(entries)).refusal).toBe(refusal);
  });
});
