/** The seccomp profiles as the kernel takes them: compiled once here, and not again by every run. */

/** Where it is written, relative to the root. Not committed: every build makes it anew. */
export const compiledSeccompPath = "src/launch/compiled-seccomp.gen.ts";

/** Bytes by architecture. */
type CompiledProgram = Readonly<Record<string, Uint8Array>>;

/** What is rendered: programs by profile and sockets, and the guard. */
export interface CompiledProfiles {
  readonly profiles: Readonly<Record<string, Readonly<Record<string, CompiledProgram>>>>;
  readonly guard: CompiledProgram;
}

function renderMapping(entries: readonly (readonly [string, string])[], indent: string): string {
  const rows = entries.map(([name, value]) => `${indent}  ${JSON.stringify(name)}: ${value},\n`);
  return `{\n${rows.join("")}${indent}}`;
}

function renderProgram(bytes: Uint8Array): string {
  return `() => "${Buffer.from(bytes).toString("base64")}"`;
}

function renderPrograms(programs: CompiledProgram, indent: string): string {
  return renderMapping(
    Object.entries(programs).map(([architecture, bytes]): [string, string] => [architecture, renderProgram(bytes)]),
    indent,
  );
}

/** The generated source. */
export function renderCompiledSeccomp({ profiles, guard }: CompiledProfiles): string {
  const text = Object.entries(profiles).map(([profile, modes]): [string, string] => [
    profile,
    renderMapping(
      Object.entries(modes).map(([sockets, programs]): [string, string] => [sockets, renderPrograms(programs, "    ")]),
      "  ",
    ),
  ]);
  return `// Written by scripts/gen.ts; do not edit.

/** Arrays of struct sock_filter in base64, by profile, sockets and architecture. Each is read only when it is asked for. */
export const compiledSeccomp = ${renderMapping(text, "")} as const;

/** The second filter of jobs that have no namespaces, by architecture. */
export const compiledGuard = ${renderPrograms(guard, "")} as const;
`;
}
