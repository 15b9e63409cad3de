/** The executable that a host of the lab runs, and what it needs beside it. */
import { mkdirSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Architecture } from "../build/native.ts";
import { repositoryRoot } from "../source/repository.ts";
import { obtainPackages } from "./packages.ts";
import type { LabHost } from "./lab-host.ts";

/** Files of this machine by their paths in the guest. */
export interface Programs {
  readonly cupel: string;
  readonly busybox: string;
  readonly libraries: Readonly<Record<string, string>>;
}

const here = process.arch as Architecture;

/** Programs for the host's processor: this machine's own, or a release and Debian's packages. @throws Error. */
export function obtainPrograms({ kernel, architecture = "x64" }: LabHost): Programs {
  const own = join(repositoryRoot, "dist/cupel");
  if (architecture === here) return { cupel: own, busybox: "/bin/busybox", libraries: listLibraries(own) };
  const root = obtainPackages({ kernel, architecture, packages: ["busybox-static", "libc6"] });
  return {
    cupel: buildFor(architecture),
    busybox: join(root, "bin/busybox"),
    libraries: Object.fromEntries(foreignLibraries.map((path) => [path, realpathSync(join(root, path))])),
  };
}

// --- internal ---

/** Shared libraries that an executable loads, by ldd(1). */
function listLibraries(executable: string): Record<string, string> {
  const listed = Bun.spawnSync(["ldd", executable]).stdout.toString();
  return Object.fromEntries([...listed.matchAll(/(\/\S+)/g)].map(([, path = ""]) => [path, path]));
}

/** Those of an executable that cannot be loaded here: what Bun is linked with. */
const foreignLibraries = [
  "/lib/ld-linux-aarch64.so.1",
  ...["c.so.6", "dl.so.2", "m.so.6", "pthread.so.0"].map((name) => `/lib/aarch64-linux-gnu/lib${name}`),
];

/** Builds it as a release is built, in a folder of its own. */
function buildFor(architecture: Architecture): string {
  const folder = join(repositoryRoot, "dist/hosts");
  mkdirSync(join(repositoryRoot, "dist"), { recursive: true });
  const target = `linux-${architecture}`;
  const built = Bun.spawnSync([process.execPath, "scripts/release.ts", "--output", folder, target], {
    cwd: repositoryRoot,
    stderr: "pipe",
  });
  if (!built.success) throw new Error(`the build for ${target} failed: ${built.stderr.toString().trim()}`);
  const name = readdirSync(folder).find((entry) => entry.endsWith(`-${target}`));
  if (name === undefined) throw new Error(`the build for ${target} left no executable in ${folder}`);
  return join(folder, name);
}
