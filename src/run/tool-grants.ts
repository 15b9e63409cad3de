/** What `--tools` grants: the caller's PATH directories that a sandbox would not see, and what the programs in them need. */
import { lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, basename } from "node:path";
import type { Host } from "../host/host.ts";
import { errnoOf } from "../host/errno-of.ts";

/** Read-only grants, directories for PATH, and variables that tell version managers where their toolchains are. */
export interface ToolGrants {
  readonly paths: readonly string[];
  readonly directories: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Beside a `bin`: what programs installed under one prefix look for (hier(7)), and nothing that holds accounts. */
const prefixParts = ["lib", "lib64", "libexec", "include", "share"];

/** Version managers keep toolchains apart from the programs in PATH, and find them by variable or under the home. */
const toolchainHomes: readonly { bin: string; variable: string; home: string; parts: readonly string[] }[] = [
  {
    bin: ".cargo/bin",
    variable: "RUSTUP_HOME",
    home: ".rustup",
    parts: ["toolchains", "settings.toml", "update-hashes"],
  },
  {
    bin: ".pyenv/shims",
    variable: "PYENV_ROOT",
    home: ".pyenv",
    parts: ["bin", "libexec", "versions", "version", "pyenv.d"],
  },
  {
    bin: ".pyenv/bin",
    variable: "PYENV_ROOT",
    home: ".pyenv",
    parts: ["bin", "libexec", "versions", "version", "pyenv.d"],
  },
  { bin: ".rbenv/shims", variable: "RBENV_ROOT", home: ".rbenv", parts: ["bin", "libexec", "versions", "version"] },
  { bin: ".volta/bin", variable: "VOLTA_HOME", home: ".volta", parts: ["bin", "tools", "layout.v4"] },
];

const systemDirectories = ["/usr", "/bin", "/sbin", "/lib", "/nix/store", "/gnu/store"];

function isSystem(path: string): boolean {
  return systemDirectories.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** A `bin` directory with its siblings; any other directory alone. */
function withPrefix(directory: string): string[] {
  if (!["bin", "sbin"].includes(basename(directory))) return [directory];
  const prefix = dirname(directory);
  return [directory, ...prefixParts.map((part) => `${prefix}/${part}`).filter(isDirectory)];
}

function linkTargets(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  const targets = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => real(`${directory}/${entry.name}`));
  return targets.filter((target) => target !== undefined);
}

/** A program that lies elsewhere brings its own prefix along. */
function neededBy(directory: string): string[] {
  const outside = linkTargets(directory).filter((target) => !isSystem(target));
  return [...withPrefix(directory), ...new Set(outside.flatMap((target) => withPrefix(dirname(target))))];
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

function toolchainsFor(
  directory: string,
  environment: Host["environment"],
): { paths: string[]; variables: Record<string, string> } {
  const row = toolchainHomes.find(({ bin }) => directory.endsWith(`/${bin}`));
  if (row === undefined) return { paths: [], variables: {} };
  const home = environment[row.variable] ?? `${directory.slice(0, -row.bin.length)}${row.home}`;
  const paths = row.parts.map((part) => `${home}/${part}`).filter(exists);
  return { paths: paths.flatMap((path) => real(path) ?? []), variables: { [row.variable]: home } };
}

function dropCovered(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)].sort();
  return unique.filter((path) => !unique.some((other) => other !== path && path.startsWith(`${other}/`)));
}

/** PATH as it is now, resolved. The home directory itself, and what holds it, is never taken. */
export function findToolGrants(host: Pick<Host, "environment">): ToolGrants {
  const home = real(host.environment["HOME"] ?? "/") ?? "/";
  const stated = (host.environment["PATH"] ?? "").split(":").filter((directory) => directory.startsWith("/"));
  const directories = [...new Set(stated)].filter((directory) => {
    const path = real(directory);
    return path !== undefined && isDirectory(path) && !isSystem(path) && !`${home}/`.startsWith(`${path}/`);
  });
  const toolchains = directories.map((directory) => toolchainsFor(directory, host.environment));
  const resolved = directories.flatMap((directory) => real(directory) ?? []);
  return {
    paths: dropCovered([...resolved.flatMap(neededBy), ...toolchains.flatMap(({ paths }) => paths)]),
    directories: resolved,
    environment: Object.assign({}, ...toolchains.map(({ variables }) => variables)) as Record<string, string>,
  };
}
