/** The native helpers as a TypeScript module: the one form that Bun, a compiled executable and Deno all read alike. */

/** Where it is written, relative to the root. Not committed: every build makes it anew. */
export const embeddedHelpersPath = "src/launch/helpers.gen.ts";

/** One built helper. */
export interface BuiltHelper {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Text of the module; without helpers, one that type-checks and holds none. */
export function renderEmbeddedHelpers(helpers: readonly BuiltHelper[]): string {
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
