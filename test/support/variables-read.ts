/** Environment variables that sources name, by how they name them. Pure, but for reading the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, repositoryRoot } from "../../scripts/source/repository.ts";

/** Words in capitals that are names of something else. */
const otherNames: readonly (readonly [RegExp, string])[] = [
  [/^E(?:2BIG|[A-Z]+)$/u, "an error number"],
  [
    /^(?:ID|FILE|PATH|MODE|SIZE|RATE|TIME|WHAT|CLASS|NAME|FORMAT|REPORT|SHELL|COMMAND|PROFILE|PID|GLOB|WHEN|DIR|ACTION|ROOT|CONTENT|SCRIPT|DIRECTORY)$/u,
    "a placeholder",
  ],
  [/^SIG[A-Z0-9]+$/u, "a signal"],
  [/^LOCALHOST$/u, "a host, spelled in another way"],
  [/^CONNECT$/u, "a method of HTTP"],
  [/^(?:CAP|RLIMIT|SCMP|KVM|VHOST|SYS|IOCTL|AF)_/u, "a constant of the kernel's or of a filter's"],
  [/^(?:AS|CPU|FSIZE|MEMLOCK|NOFILE|NPROC|STACK)$/u, "a resource limit"],
  [/^(?:BPF|KVM|QEMU|SEV|TDX|MACHINE|CUPL|FIRECK|ALL)$/u, "a word of hardware's, of a device's or of a list's"],
  [/^(?:MULTIPLE_DOCS|NON_STRING_KEY|TAG_RESOLVE_FAILED)$/u, "a fault in YAML"],
  [/^(?:EAI|ERR)_[A-Z_]+$/u, "a code of an error of the runtime's"],
  [/^(?:SHA256SUMS|Z_)$/u, "a file of a release, the beginning of zlib's names"],
  [/^NFC$/u, "a normal form of Unicode"],
  [/^CONTAINERS_(?:STORAGE_)?CONF$/u, "a variable that Podman is given"],
  [/^[A-G]\d{2}$/u, "an attack"],
  [/^(?:CUPEL_SMUGGLED|SHLVL)$/u, "a variable that an attack would have, and one that shells make"],
  [/_IOC_|_IOCTL_|^TIOC|^NV_ESC_/u, "a device's operation"],
];

function isOther(name: string): boolean {
  return otherNames.some(([pattern]) => pattern.test(name));
}

function textsOf(patterns: readonly string[]): string {
  const paths = listFiles([...patterns]).filter((path) => !/\.gen\.|\.test\.ts$/u.test(path));
  return paths.map((path) => readFileSync(join(repositoryRoot, path), "utf8")).join("\n");
}

function matches(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, name = ""]) => name);
}

/** Those that the program names: by `environment["NAME"]`, or in a list or a table of names in capitals. */
export function variablesOfProgram(): string[] {
  const text = textsOf(["src/**/*.ts"]);
  const indexed = matches(text, /(?:environment|env)\["([A-Za-z_]+)"\]/gu);
  const listed = [...matches(text, /"([A-Z][A-Z0-9_]+)"/gu), ...matches(text, /^\s+([A-Z][A-Z0-9_]+):/gmu)];
  return [...new Set([...indexed, ...listed.filter((name) => !isOther(name))])].sort();
}

/** Those that shell scripts read which people start: `$NAME`, `${NAME:-…}`. */
export function variablesOfShellScripts(paths: readonly string[]): string[] {
  return [...new Set(matches(textsOf(paths), /\$\{?([A-Z][A-Z0-9_]+)/gu))].sort();
}

/** Those that the project's own scripts read. */
export function variablesOfScripts(): string[] {
  const own = matches(textsOf(["scripts/**/*.ts"]), /process\.env\["([A-Z_0-9]+)"\]/gu);
  return [
    ...new Set([...own, ...variablesOfShellScripts(["scripts/setup.sh", "scripts/test", "scripts/cupel"])]),
  ].sort();
}
