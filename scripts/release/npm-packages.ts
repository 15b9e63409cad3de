/**
 * The npm packages of a release: `cupel`, which holds a few lines that start the right executable, and one package for
 * each platform, of which npm installs the one that fits (os, cpu, libc). None has an install script.
 */
import { targets, type Target } from "./targets.ts";

/** Scope of the packages for single platforms. */
export const npmScope = "@cupel";

/** What packages have in common with package.json. */
export interface PackageFacts {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** npm's words for a target. */
function describePlatform({ name }: Target): { os: string; cpu: string; libc?: string } {
  const [system = "", cpu = "", variant] = name.split("-");
  const os = { linux: "linux", macos: "darwin", windows: "win32" }[system] ?? system;
  return { os, cpu, ...(os === "linux" ? { libc: variant ?? "glibc" } : {}) };
}

/** package.json of the package for one target. */
export function platformManifest({ version, description, license }: PackageFacts, target: Target): object {
  const { os, cpu, libc } = describePlatform(target);
  return {
    name: `${npmScope}/${target.name}`,
    version,
    description: `${description} The executable for ${target.name}.`,
    license,
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    files: [`cupel${target.ending}`],
    preferUnplugged: true,
  };
}

/** package.json of `cupel` itself. */
export function mainManifest({ version, description, license }: PackageFacts): object {
  return {
    name: "cupel",
    version,
    description,
    license,
    bin: { cupel: "cupel.cjs" },
    files: ["cupel.cjs"],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(targets.map(({ name }) => [`${npmScope}/${name}`, version])),
  };
}

/** What npm runs as `cupel`: it starts the executable, passes signals on to it, and ends as it does. */
export const npmLauncher = `#!/usr/bin/env node
"use strict";
const { existsSync } = require("node:fs");
const { spawn } = require("node:child_process");

const arch = process.arch;
const system = { linux: "linux", darwin: "macos", win32: "windows" }[process.platform];
const loaders = { x64: ["/lib64/ld-linux-x86-64.so.2", "x86_64"], arm64: ["/lib/ld-linux-aarch64.so.1", "aarch64"] }[arch];

// As scripts/install.sh: Alpine can have a stand-in for glibc's loader.
function isMusl() {
  if (system !== "linux" || loaders === undefined || !existsSync(\`/lib/ld-musl-\${loaders[1]}.so.1\`)) return false;
  return !existsSync(loaders[0]) || existsSync("/etc/alpine-release");
}

function findExecutable() {
  const name = \`${npmScope}/\${system}-\${arch}\${isMusl() ? "-musl" : ""}\`;
  try {
    return require.resolve(\`\${name}/cupel\${system === "windows" ? ".exe" : ""}\`);
  } catch {
    console.error(\`cupel: the package \${name} is not installed: there is none for this platform, or npm was told to leave optional dependencies out\`);
    process.exit(125);
  }
}

const child = spawn(findExecutable(), process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(\`cupel: \${error.message}\`);
  process.exit(125);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
`;
