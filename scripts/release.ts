/**
 * Builds a release into dist/release: executables for every platform, the native helpers, the manual page, the
 * installer, the bill of materials and SHA256SUMS.
 *
 *   bun scripts/release.ts [--output FOLDER] [TARGET…]   without a target, all are built
 *   bun scripts/release.ts --fetch [TARGET…]             only fetches what they are made of from npm
 *
 *   CUPEL_RELEASE_PUBLIC_KEY   file with the public key that signs releases; platform/release.pub where it is not set
 *   CUPEL_RELEASE_URL          where the release will be published: see scripts/release/installer.ts
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { BuildError } from "./build/build-error.ts";
import { buildExecutable } from "./build/executable.ts";
import { renderManual } from "./build/manual.ts";
import { buildHelper, findCompilerFor, listHelpers, type Architecture, type HelperBuild } from "./build/native.ts";
import { buildIdentityPath, readVersion, renderBuildIdentity } from "./gen/build-identity.ts";
import { renderEmbeddedHelpers } from "./gen/embedded-helpers.ts";
import { generate, writeGenerated } from "./gen.ts";
import { renderBillOfMaterials, type ReleasedFile } from "./release/bill-of-materials.ts";
import { renderInstaller } from "./release/installer.ts";
import { provideRuntime } from "./release/runtime.ts";
import { encodePublicKey, encodeSshKey } from "./release/signing.ts";
import { nameExecutable, nameHelper, targets, type Target } from "./release/targets.ts";
import { readLockFile } from "./source/lock-file.ts";
import { repositoryRoot, sha256 } from "./source/repository.ts";

const version = readVersion(repositoryRoot);

/** A release under way: everything lands in a folder of its own, which takes the place of the last one at the end. */
interface Release {
  readonly folder: string;
  readonly commit: string | null;
  readonly releaseKey: string | null;
  readonly releaseAddress: string | null;
  readonly files: ReleasedFile[];
}

function chooseTargets(names: readonly string[]): readonly Target[] {
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown === undefined) return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
  throw new BuildError(`no target ${unknown}; there are ${targets.map(({ name }) => name).join(", ")}`);
}

function readReleaseKey(): string | null {
  const stated = process.env["CUPEL_RELEASE_PUBLIC_KEY"] ?? "";
  const path = stated === "" ? join(repositoryRoot, "platform/release.pub") : stated;
  if (existsSync(path)) return encodePublicKey(readFileSync(path, "utf8"));
  if (stated === "") return null;
  throw new BuildError(`CUPEL_RELEASE_PUBLIC_KEY names ${stated}, which is not there`);
}

/** As `cupel upgrade` and the installer take it. */
function readReleaseAddress(): string | null {
  const stated = process.env["CUPEL_RELEASE_URL"] ?? "";
  if (stated === "" || /^https?:\/\/[^/]/.test(stated)) return stated === "" ? null : stated.replace(/\/+$/, "");
  throw new BuildError(`CUPEL_RELEASE_URL has to start with https:// or http://, not ${JSON.stringify(stated)}`);
}

/** The commit that the checkout is at; nothing where files differ from it, or outside of git. */
function readCommit(): string | null {
  const git = (...words: string[]) => Bun.spawnSync(["git", ...words], { cwd: repositoryRoot, stderr: "ignore" });
  if (Bun.which("git") === null || git("status", "--porcelain").stdout.toString() !== "") return null;
  const { exitCode, stdout } = git("rev-parse", "HEAD");
  return exitCode === 0 ? stdout.toString().trim() : null;
}

function add({ folder, files }: Release, name: string, content: string | Uint8Array, mode = 0o644): void {
  writeFileSync(join(folder, name), content, { mode });
  files.push({ name, sha256: sha256(content) });
}

async function buildHelpersFor(architecture: Architecture): Promise<HelperBuild[]> {
  const compiler = findCompilerFor(architecture);
  return Promise.all(listHelpers().map((name) => buildHelper(name, compiler, architecture)));
}

async function addExecutable(release: Release, target: Target, helpers: readonly HelperBuild[]): Promise<void> {
  const { commit, releaseKey, releaseAddress } = release;
  const name = nameExecutable(version, target);
  const output = join(release.folder, name);
  const identity = { commit, releaseKey, releaseAddress, target: target.name };
  await buildExecutable({
    output,
    platform: { target: target.bunTarget, runtime: await provideRuntime(target) },
    replaced: {
      [buildIdentityPath]: renderBuildIdentity(repositoryRoot, identity),
      ...renderEmbeddedHelpers(helpers),
    },
  });
  chmodSync(output, 0o755);
  const bytes = readFileSync(output);
  release.files.push({ name, sha256: sha256(bytes) });
  // What the installer downloads: half the size. It holds no time and no name.
  if (target.helpers !== undefined) add(release, `${name}.gz`, gzipSync(bytes));
  console.log(`${name.padEnd(36)} ${(bytes.byteLength / 2 ** 20).toFixed(1).padStart(6)} MiB`);
}

async function addAllExecutables(release: Release, chosen: readonly Target[]): Promise<ReleasedFile[]> {
  const architectures = [...new Set(chosen.flatMap(({ helpers }) => helpers ?? []))];
  const built = new Map<Architecture, readonly HelperBuild[]>();
  for (const architecture of architectures) {
    const helpers = await buildHelpersFor(architecture);
    built.set(architecture, helpers);
    for (const { name, bytes } of helpers) add(release, nameHelper(version, architecture, name), bytes, 0o755);
  }
  const helperFiles = [...release.files];
  // All at once, for most of the time goes into fetching what is not here yet.
  await Promise.all(chosen.map(provideRuntime));
  for (const target of chosen) {
    await addExecutable(release, target, target.helpers === undefined ? [] : (built.get(target.helpers) ?? []));
  }
  return helperFiles;
}

/** What goes with the executables. */
async function addCompanions(release: Release, helpers: ReleasedFile[], chosen: readonly Target[]): Promise<void> {
  const readJson = (path: string) => JSON.parse(readFileSync(join(repositoryRoot, path), "utf8"));
  const manifest = readJson("package.json");
  const bill = renderBillOfMaterials({
    manifest,
    commit: release.commit,
    lock: readLockFile(),
    bundled: Object.keys(manifest.dependencies),
    runtimes: chosen.map(({ runtimePackage }) => runtimePackage),
    executables: release.files.filter(
      ({ name }) => !helpers.some((helper) => helper.name === name) && !name.endsWith(".gz"),
    ),
    helpers,
    // Bun's own packages for single platforms are not installed here; theirs is that of the package that names them.
    license: (name) => readJson(`node_modules/${name.startsWith("@oven/") ? "bun" : name}/package.json`).license,
  });
  const { descriptions } = await import("../src/commands/descriptions.ts");
  const publicKey = release.releaseKey ?? "";
  const installer = renderInstaller(readFileSync(join(repositoryRoot, "scripts/install.sh"), "utf8"), {
    version,
    address: release.releaseAddress ?? "",
    publicKey,
    sshKey: publicKey === "" ? "" : encodeSshKey(publicKey),
  });
  add(release, "cupel.cdx.json", bill);
  add(release, "cupel.1", renderManual({ version, commands: descriptions }));
  add(release, "install.sh", installer, 0o755);
}

function renderSums(files: readonly ReleasedFile[]): string {
  const sorted = files.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return sorted.map(({ name, sha256: digest }) => `${digest}  ${name}\n`).join("");
}

async function fetchRuntimes(names: readonly string[]): Promise<void> {
  for (const target of chooseTargets(names)) await provideRuntime(target);
}

async function buildRelease(words: readonly string[]): Promise<void> {
  const [published, names] =
    words[0] === "--output" && words[1] !== undefined
      ? [resolve(words[1]), words.slice(2)]
      : [join(repositoryRoot, "dist/release"), words];
  const chosen = chooseTargets(names);
  const folder = `${published}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    writeGenerated(await generate());
    const release: Release = {
      folder,
      commit: readCommit(),
      releaseKey: readReleaseKey(),
      releaseAddress: readReleaseAddress(),
      files: [],
    };
    await addCompanions(release, await addAllExecutables(release, chosen), chosen);
    writeFileSync(join(folder, "SHA256SUMS"), renderSums(release.files));
    rmSync(published, { recursive: true, force: true });
    renameSync(folder, published);
    console.log(`built ${published}${release.releaseKey === null ? ", without a key: it cannot be signed" : ""}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  const words = process.argv.slice(2);
  await (words[0] === "--fetch" ? fetchRuntimes(words.slice(1)) : buildRelease(words));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`cupel: ${error.message}`);
  process.exitCode = 125;
}
