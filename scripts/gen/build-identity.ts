/** Which build this is: the version, and a hash of everything that ships. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, sha256 } from "../source/repository.ts";

const shipped = ["src/**/*.ts", "platform/**/*", "package.json"];

/** Text of `src/model/build.gen.ts`. */
export function renderBuildIdentity(root: string): string {
  const build = { version: readVersion(root), id: computeBuildId(root) };
  const fields = `version: ${JSON.stringify(build.version)}, id: ${JSON.stringify(build.id)}`;
  return `// Written by scripts/gen.ts; do not edit.\n\n/** This build. */\nexport const build = { ${fields} } as const;\n`;
}

// --- internal ---

/** First 16 digits of the SHA-256 over all files that ship, by path; generated ones follow from the others. */
function computeBuildId(root: string): string {
  const paths = listFiles(shipped, root).filter((path) => !/\.gen\.[a-z]+$/.test(path));
  return sha256(...paths.flatMap((path) => [`${path}\0`, readFileSync(join(root, path)), "\0"])).slice(0, 16);
}

function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
  if (typeof version !== "string" || version === "") throw new Error("package.json has no version");
  return version;
}
