/** Bun for each target, from the npm registry that npm is configured for, held against the hash in bun.lock. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "../build/build-error.ts";
import { readLockFile, requireLocked, type LockedPackage } from "../source/lock-file.ts";
import { repositoryRoot } from "../source/repository.ts";
import type { Target } from "./targets.ts";

const kept = join(repositoryRoot, "dist/runtimes");

/** Path of the Bun that a target's executable is made of; fetched where it is not there. */
export async function provideRuntime({ runtimePackage, ending }: Target): Promise<string> {
  const locked = requireLocked(readLockFile(), runtimePackage);
  if (locked.version !== Bun.version)
    throw new BuildError(
      `this is Bun ${Bun.version}, and bun.lock names ${locked.version}: run it as \`bun run build\``,
    );
  // What the set-up installed was held against bun.lock then; its installer moves the file to here.
  const installed = join(repositoryRoot, "node_modules/bun/bin/bun.exe");
  if (existsSync(join(repositoryRoot, "node_modules", runtimePackage, "package.json"))) return installed;
  const folder = join(kept, `${runtimePackage.replace("/", "-")}-${locked.version}`);
  if (!existsSync(folder)) await fetchRuntime(locked, folder);
  return join(folder, `package/bin/bun${ending}`);
}

/** @throws BuildError where the archive is not the one that bun.lock names. */
export function verifyArchive(archive: Uint8Array, { name, version, sha512 }: LockedPackage): void {
  if (createHash("sha512").update(archive).digest("base64") === sha512) return;
  throw new BuildError(`${name}@${version} as it was fetched is not what bun.lock names: its SHA-512 differs`);
}

// --- internal ---

/** Unpacked beside and renamed, so that what is there is whole and was verified. */
async function fetchRuntime(locked: LockedPackage, folder: string): Promise<void> {
  mkdirSync(kept, { recursive: true });
  const temporary = mkdtempSync(join(kept, ".fetching-"));
  try {
    await call(["npm", "pack", "--silent", "--ignore-scripts", `${locked.name}@${locked.version}`], temporary);
    const [archive = ""] = readdirSync(temporary);
    verifyArchive(readFileSync(join(temporary, archive)), locked);
    await call(["tar", "-xzf", archive], temporary);
    rmSync(join(temporary, archive));
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function call(command: readonly string[], cwd: string): Promise<void> {
  const [program = ""] = command;
  if (Bun.which(program) === null) throw new BuildError(`${program} is needed to fetch Bun for other platforms`);
  const child = Bun.spawn([...command], { cwd, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [complaints, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new BuildError(`${command.join(" ")} failed:\n${complaints}`);
}
