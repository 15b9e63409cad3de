/** Which build this is: the version, a hash of everything that ships and, for a release, what else it was made from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, sha256 } from "../source/repository.ts";

const shipped = ["src/**/*.ts", "platform/linux/**/*", "package.json"];

/** What only a release has. */
export interface ReleaseIdentity {
  /** Hash of the commit that it was built from. */
  readonly commit: string | null;
  /** `linux-x64-musl` and the like: the end of the file's name. */
  readonly target: string | null;
  /** Public key that signs releases: DER of its SubjectPublicKeyInfo (RFC 8410) in base64. */
  readonly releaseKey: string | null;
  /** Where its releases are published: `latest/download/FILE` and `download/vVERSION/FILE` lie below. */
  readonly releaseAddress: string | null;
}

/** A build for this machine, from whatever the checkout holds. */
const unreleased: ReleaseIdentity = { commit: null, target: null, releaseKey: null, releaseAddress: null };

/** Where it is written, relative to the root. Not committed: every build makes it anew. */
export const buildIdentityPath = "src/model/build.gen.ts";

/** Text of {@link buildIdentityPath}. */
export function renderBuildIdentity(root: string, release: ReleaseIdentity = unreleased): string {
  const build = { version: readVersion(root), id: computeBuildId(root), ...release };
  const fields = Object.entries(build).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},\n`);
  return `// Written by scripts/gen.ts; do not edit.

/** This build. The commit, the target, the key that signs releases and their address are a release's alone. */
export const build: {
  readonly version: string;
  readonly id: string;
  readonly commit: string | null;
  readonly target: string | null;
  readonly releaseKey: string | null;
  readonly releaseAddress: string | null;
} = {
${fields.join("")}};
`;
}

/** The version that package.json states. */
export function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
  if (typeof version !== "string" || version === "") throw new Error("package.json has no version");
  return version;
}

// --- internal ---

/** First 16 digits of the SHA-256 over all files that ship, by path; generated ones follow from the others. */
function computeBuildId(root: string): string {
  const paths = listFiles(shipped, root).filter((path) => !/\.gen\.[a-z]+$/.test(path));
  return sha256(...paths.flatMap((path) => [`${path}\0`, readFileSync(join(root, path)), "\0"])).slice(0, 16);
}
