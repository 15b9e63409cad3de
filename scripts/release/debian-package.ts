/** The Debian package of a release: executable, helpers, manual page; no configuration, nothing that runs by itself. */
import type { Architecture } from "../build/native.ts";

/** Debian's words for the architectures. */
export const debianArchitectures: Readonly<Record<Architecture, string>> = { x64: "amd64", arm64: "arm64" };

/** What the package says of itself. */
export interface DebianFacts {
  readonly version: string;
  readonly architecture: Architecture;
  readonly description: string;
  readonly sizeBytes: number;
}

/** deb-control(5). A version with a hyphen would have a Debian revision: `~` sorts before the release itself. */
export function renderControl({ version, architecture, description, sizeBytes }: DebianFacts): string {
  return `Package: cupel
Version: ${version.replace("-", "~")}
Architecture: ${debianArchitectures[architecture]}
Maintainer: The cupel authors
Section: admin
Priority: optional
Depends: libc6 (>= 2.17)
Installed-Size: ${Math.ceil(sizeBytes / 1024)}
Description: measures what a host can enforce, runs jobs in sandboxes
 ${description}
`;
}

/** deb-postrm(5): only a purge takes away what root's calls saved. */
export const postRemoval = `#!/bin/sh
set -e
[ "$1" != purge ] || rm -rf /var/lib/cupel
`;
