/** Gets a release from its server: first who made it, then what it is made of, as the signed list has it. */
import { createHash } from "node:crypto";
import { downloadBytes } from "../host/download.ts";
import { CupelError } from "../model/error.ts";
import { listName, signatureName, type Release, type ReleasedFile } from "../model/release.ts";
import { findRelease, isSigned, parseList } from "./read-release.ts";

/** Of the list and the signature. */
const textBytesMax = 1024 * 1024;

function refuse(message: string, cause?: unknown): CupelError {
  return new CupelError("refused", message, { cause });
}

/** What is released for one platform, by whom. */
export interface ReleaseOrder {
  /** Address of the release's files. */
  readonly folder: string;
  /** The same as it may be shown. */
  readonly shown: string;
  readonly target: string;
  /** The key that the release has to be signed with: see {@link isSigned}. */
  readonly releaseKey: string;
  /** Ends a download: its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

async function fetchText({ folder, signal }: ReleaseOrder, name: string, problem: string): Promise<Buffer> {
  const got = await downloadBytes(`${folder}/${name}`, { bytesMax: textBytesMax, signal });
  if (got.ok) return got.bytes;
  throw refuse(`${problem}: ${got.reason}`);
}

/** The release at an address, its signature seen to be right. @throws CupelError `refused`. */
export async function fetchRelease(order: ReleaseOrder): Promise<Release> {
  const { shown, target, releaseKey } = order;
  const list = await fetchText(order, listName, `${shown}/${listName} could not be downloaded`);
  const unsigned = `The release has no signature that can be had, so it is not installed: ${shown}/${signatureName}`;
  const signature = await fetchText(order, signatureName, unsigned);
  if (!isSigned(list, signature, releaseKey))
    throw refuse(`The signature of the release at ${shown} is not by the key of this cupel: it is not installed`);
  const release = findRelease(parseList(list.toString("latin1")), target);
  if (typeof release === "string") throw refuse(`The release at ${shown} is of no use here: ${release}`);
  return release;
}

/** That a file is the one of the list. @throws CupelError `refused` where its hash is another. */
export function demandHash(name: string, actual: string, wanted: string): void {
  if (actual === wanted) return;
  throw refuse(`${name} as downloaded is not the file of the release: its SHA-256 is ${actual}, not ${wanted}`);
}

/** Gets a short file: a helper or the manual page. @throws CupelError `refused`. */
export async function fetchSmallFile(order: ReleaseOrder, { name, sha256 }: ReleasedFile): Promise<Buffer> {
  const bytes = await fetchText(order, name, `${order.shown}/${name} could not be downloaded`);
  demandHash(name, createHash("sha256").update(bytes).digest("hex"), sha256);
  return bytes;
}
