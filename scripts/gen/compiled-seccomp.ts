/** The seccomp profiles as the kernel takes them: compiled once here, and not again by every run. */

/** Where it is written, relative to the root. Not committed: every build makes it anew. */
export const compiledSeccompPath = "src/launch/compiled-seccomp.gen.ts";

/** What is rendered: bytes by profile, sockets and architecture. */
export type CompiledProfiles = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>>>;

function renderMapping(entries: readonly (readonly [string, string])[], indent: string): string {
  const rows = entries.map(([name, value]) => `${indent}  ${JSON.stringify(name)}: ${value},\n`);
  return `{\n${rows.join("")}${indent}}`;
}

function renderProgram(bytes: Uint8Array): string {
  return `() => "${Buffer.from(bytes).toString("base64")}"`;
}

/** The generated source. */
export function renderCompiledSeccomp(profiles: CompiledProfiles): string {
  const text = Object.entries(profiles).map(([profile, modes]): [string, string] => [
    profile,
    renderMapping(
      Object.entries(modes).map(([sockets, programs]): [string, string] => [
        sockets,
        renderMapping(
          Object.entries(programs).map(([architecture, bytes]): [string, string] => [
            architecture,
            renderProgram(bytes),
          ]),
          "    ",
        ),
      ]),
      "  ",
    ),
  ]);
  return `// Written by scripts/gen.ts; do not edit.

/** Arrays of struct sock_filter in base64, by profile, sockets and architecture. Each is read only when it is asked for. */
export const compiledSeccomp = ${renderMapping(text, "")} as const;
`;
}
