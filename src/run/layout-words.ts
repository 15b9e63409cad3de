/** What is asked of a job's root, from the words of flags and files. Pure. */
import { posix } from "node:path";
import { CupelError } from "../model/error.ts";
import type { PrivateDirectory, WrittenFile } from "../model/layout.ts";
import { parseSizeBytes } from "./parse-quantity.ts";

/** Of all files together: they go to the launcher in its instruction, which has an end (see protocol.ts). */
export const filesBytesMax: number = 1024 * 1024;

/** The launcher keeps count of 64 file systems of its own, some of which every job has. */
export const directoriesMax = 32;

/** @throws CupelError `usage` for what is no absolute path, or leads back. */
function checkPlace(path: string, stated: string): string {
  const isPlain = path.startsWith("/") && path !== "/" && posix.normalize(path) === path && !path.endsWith("/");
  if (isPlain && !path.includes("\0")) return path;
  throw new CupelError(
    "usage",
    `${stated} ${JSON.stringify(path)} is no path in the job's root; write it in full, from / on and without .. or a slash at its end`,
  );
}

/** `PATH=CONTENT`. @throws CupelError `usage`. */
export function parseWrittenFile(text: string, stated: string): WrittenFile {
  const at = text.indexOf("=");
  if (at < 0) throw new CupelError("usage", `${stated} ${JSON.stringify(text)} says no content; write PATH=CONTENT`);
  return { path: checkPlace(text.slice(0, at), stated), content: text.slice(at + 1) };
}

/** @throws CupelError `usage` for more than a job can be given. */
export function checkFilesSize(files: readonly WrittenFile[]): void {
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes <= filesBytesMax) return;
  throw new CupelError(
    "usage",
    `--file: the files are ${bytes} bytes together, and at most ${filesBytesMax} can be given so; grant a directory that holds them`,
  );
}

/** `PATH`, or `PATH:SIZE`. @throws CupelError `usage`. */
export function parsePrivateDirectory(text: string, stated: string): PrivateDirectory {
  const at = text.lastIndexOf(":");
  if (at < 0) return { path: checkPlace(text, stated) };
  const sizeBytes = parseSizeBytes(text.slice(at + 1), `${stated} ${text.slice(0, at)}`);
  return { path: checkPlace(text.slice(0, at), stated), sizeBytes };
}
