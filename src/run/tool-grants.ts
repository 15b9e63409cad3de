/** What `--tools` grants: the caller's PATH directories that a sandbox would not see, and what the programs in them need. */
import { lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, basename } from "node:path";
import type { Host } from "../host/host.ts";
import { errnoOf } from "../host/errno-of.ts";
import { isWithin } from "../model/job.ts";

/** Read-only grants, directories for PATH, and variables that tell version managers where their toolchains are. */
export interface ToolGrants {
  readonly paths: readonly string[];
  readonly directories: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Beside a `bin`: what programs installed under one prefix look for (hier(7)). */
const prefixParts = ["lib", "lib64", "libexec", "include", "share"];

/** Under ~/.local the same, but for `share`: there it holds what other programs keep for their user, keyrings too. */
const homePrefixParts = ["lib", "lib64", "libexec"];

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

/** Never granted by way of PATH: the kernel's or the system's own. */
const unfitDirectories = ["/proc", "/sys", "/dev", "/run", "/etc", "/boot"];

function isSystem(path: string): boolean {
  return systemDirectories.some((directory) => isWithin(path, directory));
}

/** Below /tmp a toolchain of one's own may lie; /tmp itself, and anything of the kernel's or the system's, is none. */
function isUnfit(path: string): boolean {
  const isShared = ["/tmp", "/var/tmp"].includes(path);
  const isSystems = unfitDirectories.some((directory) => isWithin(path, directory));
  return path === "/" || isShared || isSystems;
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

/** What of a prefix is a toolchain's: nothing where the prefix is a home directory itself. */
function partsOf(prefix: string, home: string): readonly string[] {
  if (isWithin(home, prefix)) return [];
  return prefix === `${home}/.local` ? homePrefixParts : prefixParts;
}

/** A `bin` directory with its siblings; any other directory alone. */
function withPrefix(directory: string, home: string): string[] {
  if (!["bin", "sbin"].includes(basename(directory))) return [directory];
  const prefix = dirname(directory);
  return [
    directory,
    ...partsOf(prefix, home)
      .map((part) => `${prefix}/${part}`)
      .filter(isDirectory),
  ];
}

function linkTargets(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isSymbolicLink())
      .flatMap((entry) => real(`${directory}/${entry.name}`) ?? []);
  } catch (error) {
    // May be searched but not read: its programs run, and what they are cannot be told.
    errnoOf(error);
    return [];
  }
}

/** A program that lies elsewhere brings its own prefix along if it lies in one's `bin`, and else itself alone. */
function neededByLink(target: string, home: string): string[] {
  if (isDirectory(target)) return [];
  const directory = dirname(target);
  const isInstalled = ["bin", "sbin"].includes(basename(directory)) && !isWithin(home, dirname(directory));
  return isInstalled ? withPrefix(directory, home) : [target];
}

function neededBy(directory: string, home: string): string[] {
  const outside = linkTargets(directory).filter((target) => !isSystem(target));
  return [...withPrefix(directory, home), ...new Set(outside.flatMap((target) => neededByLink(target, home)))];
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

/** PATH as it is now, resolved. A home directory itself, and what holds it, is never taken. */
export function findToolGrants(host: Pick<Host, "environment">): ToolGrants {
  const stated = host.environment["HOME"];
  const home = (stated?.startsWith("/") === true ? real(stated) : undefined) ?? "/root";
  const listed = (host.environment["PATH"] ?? "").split(":").filter((directory) => directory.startsWith("/"));
  const directories = [...new Set(listed)].filter((directory) => {
    const path = real(directory);
    return path !== undefined && isDirectory(path) && !isSystem(path) && !isUnfit(path) && !isWithin(home, path);
  });
  const toolchains = directories.map((directory) => toolchainsFor(directory, host.environment));
  const resolved = directories.flatMap((directory) => real(directory) ?? []);
  const paths = [...resolved.flatMap((path) => neededBy(path, home)), ...toolchains.flatMap((chain) => chain.paths)];
  return {
    paths: dropCovered(paths.filter((path) => !isUnfit(path))),
    directories: resolved,
    environment: Object.assign({}, ...toolchains.map(({ variables }) => variables)) as Record<string, string>,
  };
}
