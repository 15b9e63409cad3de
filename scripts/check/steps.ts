/** The checks that are not tests: one command each, in the order in which they are run. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { attackedByDefault, defaultHosts } from "../hosts/default-hosts.ts";
import { emulators } from "../hosts/emulator.ts";
import { loadHost } from "../hosts/list-hosts.ts";
import { listFiles, repositoryRoot } from "../source/repository.ts";

/** One check. */
export interface CheckStep {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Program that the machine has to have; without it the step is skipped. */
  readonly needs?: string;
  /** What else the machine lacks, as if a program were missing. */
  readonly lacks?: string | undefined;
  /** Takes minutes, and nothing waits for it. */
  readonly isBesideTests?: true;
}

const bun = process.execPath;

/** Runs a package's own command with Bun, whatever Node is installed. */
function packageCommand(script: string, ...rest: readonly string[]): string[] {
  return [bun, "--no-env-file", join("node_modules", script), ...rest];
}

const nativeSources = ["platform/**/*.{c,h}", "scripts/**/*.{c,h}"];
const shellScripts = ["scripts/*.sh", "scripts/cupel", "scripts/test", "platform/**/*.sh", ".ci/run"];

/** Booting real kernels, one host each; sandboxes are attacked in all that are named, and in some of the default set. */
export async function listHostSteps(names?: readonly string[]): Promise<CheckStep[]> {
  const hosts = await Promise.all((names ?? defaultHosts).map(async (name) => ({ name, ...(await loadHost(name)) })));
  return hosts.map(({ name, architecture = "x64" }) => ({
    name: `host ${name}`,
    command: [bun, "scripts/hosts.ts", name, ...((names ?? attackedByDefault).includes(name) ? ["--attack"] : [])],
    needs: emulators[architecture].program,
    isBesideTests: true,
  }));
}

/** All steps for this checkout. */
export function listSteps(): CheckStep[] {
  return [...sourceSteps(), ...typeSteps(), ...deadCodeSteps(), ...nativeSteps()];
}

// --- internal ---

function sourceSteps(): CheckStep[] {
  const scripts = shellScripts.filter((path) => path.includes("*") || existsSync(join(repositoryRoot, path)));
  return [
    { name: "generated sources are fresh", command: [bun, "scripts/gen.ts", "--check"] },
    { name: "format", command: [bun, "fmt", "--check"] },
    { name: "lint", command: packageCommand("oxlint/bin/oxlint") },
    {
      name: "shell scripts",
      command: ["shellcheck", "-x", ...scripts.flatMap((path) => listFiles([path]))],
      needs: "shellcheck",
    },
  ];
}

function typeSteps(): CheckStep[] {
  const compiler = "typescript/bin/tsc";
  return [
    { name: "types of src", command: packageCommand(compiler, "-p", "tsconfig.json") },
    { name: "types of scripts and tests", command: packageCommand(compiler, "-p", "scripts/tsconfig.json") },
    { name: "types in Deno", command: ["node_modules/deno/deno", "check", "--no-lock", "--quiet", "src/main.ts"] },
  ];
}

function deadCodeSteps(): CheckStep[] {
  return [
    { name: "dead code", command: packageCommand("knip/bin/knip.js") },
    { name: "dead code, tests apart", command: packageCommand("knip/bin/knip.js", "--production") },
  ];
}

function nativeSteps(): CheckStep[] {
  const sources = listFiles(nativeSources).filter((path) => !path.endsWith(".gen.h"));
  return [
    {
      name: "format of native sources",
      command: ["clang-format", "--dry-run", "--Werror", ...sources],
      needs: "clang-format",
    },
    {
      name: "native helpers with clang and its analyser",
      command: [bun, "scripts/build.ts", "--analyze"],
      needs: "clang",
      isBesideTests: true,
    },
    { name: "native helpers with sanitizers", command: [bun, "scripts/build.ts", "--sanitize"] },
  ];
}
