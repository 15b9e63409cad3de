/** As much of an npm registry as an installation asks for. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** A registry; gone when the test leaves its block. */
export interface NpmRegistry extends AsyncDisposable {
  readonly address: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** Serves the archives of a folder. */
export async function startNpmRegistry(folder: string): Promise<NpmRegistry> {
  const archives = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  const manifests = new Map(archives.map((archive) => [archive, readManifest(join(folder, archive))]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    const found = [...manifests].find(([archive, { name }]) => archive === path || name === path);
    if (found === undefined) {
      response.writeHead(404).end("{}");
      return;
    }
    const [archive, manifest] = found;
    const bytes = readFileSync(join(folder, archive));
    if (archive === path) {
      response.end(bytes);
      return;
    }
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `http://${request.headers.host}/${archive}`, integrity };
    const { name, version } = manifest;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function readManifest(archive: string): Manifest {
  return JSON.parse(Bun.spawnSync(["tar", "-xzOf", archive, "package/package.json"]).stdout.toString());
}
