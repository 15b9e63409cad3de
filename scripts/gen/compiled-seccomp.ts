/** The seccomp profiles as the kernel takes them: compiled once here, and not again by every run. */

/** Where it is written, relative to the root. Not committed: every build makes it anew. */
export const compiledSeccompPath = "src/launch/compiled-seccomp.gen.ts";

/** What is rendered: bytes by profile and architecture. */
export type CompiledProfiles = Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;

function renderProfile([name, programs]: readonly [string, CompiledProfiles[string]]): string {
  const rows = Object.entries(programs).map(
    ([architecture, bytes]) => `    ${architecture}: "${Buffer.from(bytes).toString("base64")}",\n`,
  );
  return `  ${name}: {\n${rows.join("")}  },\n`;
}

/** The generated source. */
export function renderCompiledSeccomp(profiles: CompiledProfiles): string {
  return `// Written by scripts/gen.ts; do not edit.

/** The seccomp profiles as arrays of struct sock_filter in base64, by name and architecture. */
export const compiledSeccomp = {
${Object.entries(profiles).map(renderProfile).join("")}} as const;
`;
}
