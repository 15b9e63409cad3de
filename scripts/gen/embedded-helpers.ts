/** The native helpers as TypeScript modules: the one form that Bun, a compiled executable and Deno all read alike. */

/** Where those that probes and jobs need are written, relative to the root. Not committed: every build makes it anew. */
const helpersPath = "src/launch/helpers.gen.ts";

/** Where those of the attack suite are written: a module of their own, which no run reads. */
const attackHelpersPath = "src/launch/attack-helpers.gen.ts";

/** Where that of `cupel bwrap` is written: nothing else has use for it. */
const frontHelpersPath = "src/launch/front-helpers.gen.ts";

/** All of them. */
export const embeddedHelpersPaths: readonly string[] = [helpersPath, attackHelpersPath, frontHelpersPath];

/** Helpers that lie in another module than most. */
const placesOfHelpers: Readonly<Record<string, string>> = {
  attacker: attackHelpersPath,
  victim: attackHelpersPath,
  bwrap: frontHelpersPath,
};

/** One built helper. */
export interface BuiltHelper {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Texts of the modules by path; without helpers, ones that type-check and hold none. */
export function renderEmbeddedHelpers(helpers: readonly BuiltHelper[]): Record<string, string> {
  const inModule = (path: string): BuiltHelper[] =>
    helpers.filter(({ name }) => (placesOfHelpers[name] ?? helpersPath) === path);
  return Object.fromEntries(embeddedHelpersPaths.map((path) => [path, renderModule(inModule(path))]));
}

// --- internal ---

function renderModule(helpers: readonly BuiltHelper[]): string {
  const rows = helpers.map(({ name, sha256, bytes }) => {
    const base64 = Buffer.from(bytes).toString("base64");
    return `  ${JSON.stringify(name)}: { sha256: "${sha256}", sizeBytes: ${bytes.byteLength}, base64: () => "${base64}" },\n`;
  });
  const shape = "{ readonly sha256: string; readonly sizeBytes: number; readonly base64: () => string }";
  const record = rows.length === 0 ? "{}" : `{\n${rows.join("")}}`;
  return `// Written by scripts/gen.ts; do not edit.

/** The static programs of platform/linux by name; none before the first build. Each is read only when it is asked for. */
export const helpers: Readonly<Record<string, ${shape}>> = ${record};
`;
}
