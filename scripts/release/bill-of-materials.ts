/** What a release is made of, in CycloneDX 1.6 (ECMA-424), from package.json, bun.lock and what was built. */
import { sha256 } from "../source/repository.ts";
import { requireLocked, type LockedPackage, type LockFile } from "../source/lock-file.ts";

/** A file of the release. */
export interface ReleasedFile {
  readonly name: string;
  readonly sha256: string;
}

/** What is known of a release. */
export interface ReleaseContents {
  readonly manifest: { readonly name: string; readonly version: string; readonly description: string };
  readonly commit: string | null;
  readonly lock: LockFile;
  /** npm packages bundled into the executables; what they need in turn is found in the lock. */
  readonly bundled: readonly string[];
  /** npm packages that Bun itself comes in. */
  readonly runtimes: readonly string[];
  readonly executables: readonly ReleasedFile[];
  readonly helpers: readonly ReleasedFile[];
  /** SPDX id of an npm package's licence. */
  license(name: string): string;
}

/** The document's text; the same for the same release: it holds no time, and its serial number is a hash. */
export function renderBillOfMaterials(contents: ReleaseContents): string {
  const { manifest, lock } = contents;
  const bundled = withDependencies(contents.bundled, lock);
  const packages = [...bundled, ...contents.runtimes.map((name) => requireLocked(lock, name))];
  const subject = {
    type: "application",
    "bom-ref": purl(manifest),
    ...describe(manifest),
    description: manifest.description,
    licenses: [{ license: { id: "MIT" } }],
    components: contents.executables.map((file) => fileComponent(file, "The executable for one platform")),
    ...(contents.commit === null ? {} : { properties: [{ name: "commit", value: contents.commit }] }),
  };
  const body = {
    version: 1,
    metadata: { lifecycles: [{ phase: "build" }], component: subject },
    components: [
      ...packages.map((locked) => packageComponent(locked, contents.license(locked.name))),
      ...contents.helpers.map((file) => fileComponent(file, "A native helper, inside the executables too")),
    ],
    dependencies: [
      { ref: purl(manifest), dependsOn: [...packages.map(purl), ...contents.helpers.map(({ name }) => name)] },
      ...packages.map((locked) => ({
        ref: purl(locked),
        dependsOn: locked.dependencies.map((name) => purl(requireLocked(lock, name))),
      })),
    ],
  };
  const head = { $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", bomFormat: "CycloneDX" };
  const serialNumber = `urn:uuid:${uuidFrom(JSON.stringify(body))}`;
  return `${JSON.stringify({ ...head, specVersion: "1.6", serialNumber, ...body }, null, 2)}\n`;
}

// --- internal ---

/** Packages with everything that they need, each once. */
function withDependencies(names: readonly string[], lock: LockFile): LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const locked = requireLocked(lock, name);
    found.set(name, locked);
    locked.dependencies.forEach(visit);
  };
  names.forEach(visit);
  return [...found.values()];
}

interface Named {
  readonly name: string;
  readonly version: string;
}

/** Package URL of type npm: the `@` of a scope is percent-encoded. */
function purl({ name, version }: Named): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** CycloneDX keeps the scope of a name apart, as its group. */
function describe({ name, version }: Named): Record<string, string> {
  const [group, bare] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return { ...(group === undefined ? {} : { group }), name: bare ?? name, version };
}

function packageComponent(locked: LockedPackage, license: string): object {
  return {
    type: "library",
    "bom-ref": purl(locked),
    ...describe(locked),
    hashes: [{ alg: "SHA-512", content: Buffer.from(locked.sha512, "base64").toString("hex") }],
    licenses: [{ license: { id: license } }],
    purl: purl(locked),
  };
}

function fileComponent({ name, sha256: content }: ReleasedFile, description: string): object {
  return { type: "file", "bom-ref": name, name, description, hashes: [{ alg: "SHA-256", content }] };
}

/** RFC 9562, version 8: the variant and version bits over a hash. */
function uuidFrom(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
