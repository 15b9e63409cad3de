/**
 * Makes packages out of a release: for npm one of each target that is there, and for Debian.
 *
 *   bun scripts/package.ts [RELEASE [OUTPUT]]    dist/release, dist/packages
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { BuildError } from "./build/build-error.ts";
import { listHelpers, type Architecture } from "./build/native.ts";
import { debianArchitectures, postRemoval, renderControl } from "./release/debian-package.ts";
import { mainManifest, npmLauncher, platformManifest, type PackageFacts } from "./release/npm-packages.ts";
import { nameExecutable, nameHelper, targets, type Target } from "./release/targets.ts";
import { repositoryRoot } from "./source/repository.ts";

const facts: PackageFacts = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8"));

/** Where files come from and packages go to. */
interface Packing {
  readonly release: string;
  readonly output: string;
}

async function call(command: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...command], {
    cwd,
    // Times in archives are those of the files, but for none later than this (reproducible-builds.org).
    env: { ...process.env, SOURCE_DATE_EPOCH: "0" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const [complaints, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code !== 0) throw new BuildError(`${command.join(" ")} failed:\n${complaints}`);
}

/** Has `pack` fill a folder and make a package of it. */
async function packFolder(output: string, pack: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(output, ".packing-"));
  try {
    // Folders of a package are for everyone to read.
    chmodSync(folder, 0o755);
    await pack(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function put(folder: string, path: string, content: string | Uint8Array, mode = 0o644): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

async function packNpm({ release, output }: Packing, manifest: object, target?: Target): Promise<void> {
  await packFolder(output, async (folder) => {
    put(folder, "package.json", `${JSON.stringify(manifest, null, 2)}\n`);
    cpSync(join(repositoryRoot, "LICENSE"), join(folder, "LICENSE"));
    if (target === undefined) {
      put(folder, "cupel.cjs", npmLauncher, 0o755);
      cpSync(join(repositoryRoot, "README.md"), join(folder, "README.md"));
    } else {
      cpSync(join(release, nameExecutable(facts.version, target)), join(folder, `cupel${target.ending}`));
    }
    await call(["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", output], folder);
  });
}

async function packDebian({ release, output }: Packing, target: Target, architecture: Architecture): Promise<void> {
  await packFolder(output, async (folder) => {
    const read = (name: string): Buffer => readFileSync(join(release, name));
    const executable = read(nameExecutable(facts.version, target));
    put(folder, "usr/bin/cupel", executable, 0o755);
    for (const name of listHelpers()) {
      put(folder, `usr/lib/cupel/${name}`, read(nameHelper(facts.version, architecture, name)), 0o755);
    }
    put(folder, "usr/share/man/man1/cupel.1.gz", gzipSync(read("cupel.1"), { level: 9 }));
    put(folder, "usr/share/doc/cupel/copyright", readFileSync(join(repositoryRoot, "LICENSE")));
    const control = { ...facts, architecture, sizeBytes: executable.byteLength };
    put(folder, "DEBIAN/control", renderControl(control));
    put(folder, "DEBIAN/postrm", postRemoval, 0o755);
    const name = `cupel_${facts.version}_${debianArchitectures[architecture]}.deb`;
    await call(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", folder, join(output, name)], output);
  });
}

async function packAll(packing: Packing): Promise<void> {
  const present = targets.filter((target) => existsSync(join(packing.release, nameExecutable(facts.version, target))));
  if (present.length === 0)
    throw new BuildError(`${packing.release} holds no release of ${facts.version}: bun run build`);
  mkdirSync(packing.output, { recursive: true });
  await packNpm(packing, mainManifest(facts));
  for (const target of present) {
    await packNpm(packing, platformManifest(facts, target), target);
    const isDebians = target.helpers !== undefined && !target.name.endsWith("-musl");
    if (isDebians && Bun.which("dpkg-deb") !== null) await packDebian(packing, target, target.helpers);
  }
  for (const name of new Bun.Glob("*.{tgz,deb}").scanSync(packing.output)) {
    const sizeBytes = statSync(join(packing.output, name)).size;
    console.log(`${basename(name).padEnd(36)} ${(sizeBytes / 2 ** 20).toFixed(1).padStart(6)} MiB`);
  }
}

try {
  const [release = join(repositoryRoot, "dist/release"), output = join(repositoryRoot, "dist/packages")] =
    process.argv.slice(2);
  await packAll({ release: resolve(release), output: resolve(output) });
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`cupel: ${error.message}`);
  process.exitCode = 125;
}
