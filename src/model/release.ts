/** What a release consists of, and how its files are called: scripts/release.ts names them so, scripts/install.sh too. */

/** A file of a release, and what it has to be. */
export interface ReleasedFile {
  readonly name: string;
  readonly sha256: string;
}

/** A native helper of a release; `helper` is its name beside an executable. */
export interface ReleasedHelper extends ReleasedFile {
  readonly helper: string;
}

/** What of a release is for one platform. */
export interface Release {
  readonly version: string;
  readonly executable: ReleasedFile;
  /** The same with gzip. */
  readonly compressed: ReleasedFile | undefined;
  readonly helpers: readonly ReleasedHelper[];
  readonly manual: ReleasedFile | undefined;
}

/** The list of all files with their SHA-256, as sha256sum(1) writes it. */
export const listName = "SHA256SUMS";

/** The Ed25519 signature of the list: 64 bytes. */
export const signatureName = "SHA256SUMS.sig";

/** The manual page. */
export const manualName = "cupel.1";

/** The executable for a target such as `linux-x64-musl`; on Windows its name has an ending besides. */
export function nameReleasedExecutable(version: string, target: string): string {
  return `cupel-${version}-${target}`;
}

/** A native helper for an architecture such as `x64`. */
export function nameReleasedHelper(version: string, architecture: string, helper: string): string {
  return `cupel-helper-${version}-linux-${architecture}-${helper}`;
}
