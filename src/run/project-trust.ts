/**
 * Which projects' files the user trusts: each by its path and the SHA-256 of what is in it, in a file of its own in the
 * state directory, which no job can reach. A file that changed is not trusted any more.
 */
import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import * as v from "valibot";
import type { Host } from "../host/host.ts";
import { namesIn } from "../host/names-in.ts";
import { checkPrivateDirectory, stateDirectories, usePrivateDirectory } from "../host/private-directory.ts";
import { readOwnFile } from "../host/read-own-file.ts";
import { isThere } from "../host/is-there.ts";
import { removeIfThere, replaceFile } from "../host/replace-file.ts";
import { CupelError } from "../model/error.ts";
import { realPath } from "./real-path.ts";

const recordSchema = v.strictObject({ schema: v.literal(1), path: v.string(), sha256: v.string() });

/** A file that is trusted while this is its content. */
export interface TrustRecord {
  /** See {@link trustPathOf}. */
  readonly path: string;
  readonly sha256: string;
}

/** The name that a file is trusted by: where it lies, canonical. A link in another project is not the file it leads to. */
export function trustPathOf(path: string): string {
  return `${realPath(dirname(path)) ?? dirname(path)}/${basename(path)}`;
}

/** SHA-256 in hexadecimal digits. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const recordName = /^trusted-[0-9a-f]{16}\.json$/;

function nameOf(path: string): string {
  return `trusted-${hashOf(path).slice(0, 16)}.json`;
}

function parseRecord(text: string): TrustRecord | undefined {
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(text));
    return parsed.success ? { path: parsed.output.path, sha256: parsed.output.sha256 } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** State directories that nobody else can have written in. */
function privatePlaces(host: Host): string[] {
  return stateDirectories(host).filter((directory) => checkPrivateDirectory(directory, host.identity.uid).ok);
}

function recordAt(path: string, uid: number): TrustRecord[] {
  if (!isThere(path)) return [];
  const own = readOwnFile(path, uid);
  const record = "text" in own ? parseRecord(own.text) : undefined;
  return record === undefined ? [] : [record];
}

/** Whether the file at this path is trusted with this content. */
export function isTrusted({ path, sha256 }: TrustRecord, host: Host): boolean {
  const records = privatePlaces(host).flatMap((place) => recordAt(`${place}/${nameOf(path)}`, host.identity.uid));
  return records.some((record) => record.path === path && record.sha256 === sha256);
}

/** Everything that is trusted. */
export function listTrusted(host: Host): TrustRecord[] {
  return privatePlaces(host).flatMap((place) => {
    const names = namesIn(place).filter((name) => recordName.test(name));
    return names.flatMap((name) => recordAt(`${place}/${name}`, host.identity.uid));
  });
}

/** Records it. @throws CupelError `set-up` where no state directory takes it. */
export function recordTrust({ path: trusted, sha256 }: TrustRecord, host: Host): void {
  const { uid } = host.identity;
  const reasons: string[] = [];
  for (const place of stateDirectories(host)) {
    const made = usePrivateDirectory(place, uid);
    const content = `${JSON.stringify({ schema: 1, path: trusted, sha256 })}\n`;
    const path = `${place}/${nameOf(trusted)}`;
    const failure = made.ok ? replaceFile(path, content, { mode: 0o600, isSynced: true }) : made.reason;
    if (failure === undefined) return;
    reasons.push(failure);
  }
  throw new CupelError("set-up", `what is trusted could not be recorded: ${reasons.join("; ") || "no place for it"}`);
}

/** Forgets the file; false where it was not trusted. @throws CupelError `set-up` where that cannot be undone. */
export function revokeTrust(path: string, host: Host): boolean {
  const places = privatePlaces(host).map((place) => `${place}/${nameOf(path)}`);
  const recorded = places.filter(isThere);
  recorded.forEach(removeIfThere);
  const left = recorded.find(isThere);
  if (left !== undefined) throw new CupelError("set-up", `${left} could not be removed, so ${path} is still trusted`);
  return recorded.length > 0;
}
