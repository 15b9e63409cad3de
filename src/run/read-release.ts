/** A release as its signed list of files tells of it. Nothing in the list counts before the signature was seen to be right. */
import { createPublicKey, verify } from "node:crypto";
import { isVersion } from "../model/release-version.ts";
import { manualName, nameReleasedExecutable, nameReleasedHelper, type Release } from "../model/release.ts";

/** Bytes of an Ed25519 signature (RFC 8032). */
const signatureBytes = 64;

/** Whether whoever holds the private half of `releaseKey` (DER of its SubjectPublicKeyInfo in base64) signed exactly this. */
export function isSigned(list: Uint8Array, signature: Uint8Array, releaseKey: string): boolean {
  if (signature.length !== signatureBytes) return false;
  const key = createPublicKey({ key: Buffer.from(releaseKey, "base64"), format: "der", type: "spki" });
  return key.asymmetricKeyType === "ed25519" && verify(null, list, key, signature);
}

/** Hashes by name. A line of another shape is passed over: this reads the lists of releases that are yet to come. Pure. */
export function parseList(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^([0-9a-f]{64}) {2}([0-9A-Za-z][0-9A-Za-z._-]*)$/gm);
  return new Map(Array.from(lines, ([, sha256 = "", name = ""]) => [name, sha256]));
}

/** The helpers that the list names for an architecture. */
function findHelpers(list: ReadonlyMap<string, string>, version: string, architecture: string): Release["helpers"] {
  const start = nameReleasedHelper(version, architecture, "");
  return Array.from(list, ([name, sha256]) => ({ name, sha256, helper: name.slice(start.length) })).filter(
    ({ name, helper }) => name.startsWith(start) && /^[a-z]+$/.test(helper),
  );
}

/**
 * What the list has for a target. The version is part of the names, so that the signature is over it as well; a text says
 * why there is nothing to take. Pure.
 */
export function findRelease(list: ReadonlyMap<string, string>, target: string): Release | string {
  const [before, after] = nameReleasedExecutable("\n", target).split("\n");
  const versions = Array.from(list.keys(), (name) =>
    name.startsWith(before ?? "") && name.endsWith(after ?? "")
      ? name.slice(before?.length, name.length - (after?.length ?? 0))
      : "",
  ).filter(isVersion);
  const [version, ...others] = versions;
  if (version === undefined) return `it holds no executable for ${target}`;
  if (others.length > 0) return `it holds several executables for ${target}`;
  const take = (name: string) => {
    const sha256 = list.get(name);
    return sha256 === undefined ? undefined : { name, sha256 };
  };
  const name = nameReleasedExecutable(version, target);
  return {
    version,
    executable: { name, sha256: list.get(name) ?? "" },
    compressed: take(`${name}.gz`),
    helpers: target.startsWith("linux-") ? findHelpers(list, version, target.split("-")[1] ?? "") : [],
    manual: take(manualName),
  };
}
