/** Images made for a test: tar archives entry by entry, also such as no program would write, and layouts of them. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { TempDir } from "./temp-dir.ts";

/** One entry of an archive; a file unless told otherwise. */
export interface ArchiveEntry {
  readonly name: string;
  /** The letter of its type. */
  readonly type?: string;
  readonly mode?: number;
  readonly linkName?: string;
  readonly content?: string | Buffer;
  readonly modifiedSeconds?: number;
  /** What the header says, where that is not what follows. */
  readonly statedBytes?: number;
}

const blockBytes = 512;

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, "0")}\0`;
}

function headerOf(entry: ArchiveEntry, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(entry.name, 0, 100);
  block.write(octal(entry.mode ?? 0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(entry.statedBytes ?? sizeBytes, 12), 124);
  block.write(octal(entry.modifiedSeconds ?? 0, 12), 136);
  block.write(" ".repeat(8), 148);
  block.write(entry.type ?? "0", 156);
  block.write(entry.linkName ?? "", 157, 100);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** The archive. */
export function archiveOf(entries: readonly ArchiveEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? "");
    const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
    return [headerOf(entry, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

/** The entry of an extended header (pax(1)), for the one behind it. */
export function paxEntry(records: Readonly<Record<string, string>>): ArchiveEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    const digits = String(rest + String(rest).length).length;
    return `${rest + digits} ${key}=${value}\n`;
  });
  return { name: "PaxHeader", type: "x", content: lines.join("") };
}

/** The SHA-256 of a blob, as images name it. */
export function digestOf(blob: Buffer | string): string {
  return `sha256:${createHash("sha256").update(blob).digest("hex")}`;
}

/** Puts a blob into a layout; gives what stands for it in a document. */
export function addBlob(directory: Pick<TempDir, "file">, blob: Buffer | string, mediaType: string): object {
  const digest = digestOf(blob);
  directory.file(`blobs/sha256/${digest.slice("sha256:".length)}`, blob);
  return { mediaType, digest, size: Buffer.byteLength(blob) };
}

/** The architecture that images are made for here. */
export const ownArchitecture = process.arch === "x64" ? "amd64" : process.arch;

/** Makes a layout of an image with these layers, each an archive, compressed or not. */
export function writeLayout(directory: Pick<TempDir, "file">, layers: readonly Buffer[]): void {
  const described = layers.map((layer) => addBlob(directory, layer, "application/vnd.oci.image.layer.v1.tar+gzip"));
  const manifest = JSON.stringify({ schemaVersion: 2, config: {}, layers: described });
  const descriptor = addBlob(directory, manifest, "application/vnd.oci.image.manifest.v1+json");
  directory.file("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  directory.file("index.json", JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
}

/** A compressed layer of these entries. */
export function layerOf(entries: readonly ArchiveEntry[]): Buffer {
  return gzipSync(archiveOf(entries), { level: 1 });
}
