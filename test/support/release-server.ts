/** A server with releases on it, laid out as scripts/install.sh asks for them, and ways for it to go wrong. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderInstaller } from "../../scripts/release/installer.ts";
import { encodePublicKey, encodeSshKey, makeKeys, signForSsh, signRaw } from "../../scripts/release/signing.ts";
import { repositoryRoot, sha256 } from "../../scripts/source/repository.ts";

/** The key that releases of a test are signed with, and somebody else's. */
export const [ownKeys, otherKeys] = [makeKeys(), makeKeys()] as const;

/** Files of a release by name; `cut` stands for one whose connection breaks half-way. */
export type ReleaseFiles = ReadonlyMap<string, Uint8Array>;

/** A server; gone when the test leaves its block. */
export interface ReleaseServer extends AsyncDisposable {
  readonly address: string;
  /** What lies below `latest/download/` and `download/vVERSION/`. */
  publish(version: string, files: ReleaseFiles): void;
  /** Has the connection for a file of this name break half-way; of no file without a name. */
  cutOff(name: string | undefined): void;
  /** Has the rest of a file of this name wait until there is no name. */
  holdBack(name: string | undefined): void;
  /** Paths asked for so far. */
  readonly asked: readonly string[];
}

/** Starts one on a port of its own. */
export async function startReleaseServer(): Promise<ReleaseServer> {
  const files = new Map<string, Uint8Array>();
  const asked: string[] = [];
  let cut: string | undefined;
  let held: string | undefined;
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const content = files.get(path);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-length": content.byteLength });
    const [isCut, isHeld] = [cut, held].map((name) => name !== undefined && path.endsWith(`/${name}`));
    if (isCut !== true && isHeld !== true) {
      response.end(content);
      return;
    }
    const half = Math.floor(content.byteLength / 2);
    if (isCut !== true) waiting.push(() => response.end(content.subarray(half)));
    response.write(content.subarray(0, half), () => {
      if (isCut === true) response.socket?.destroy();
    });
  });
  await listen(server);
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    publish: (version, release) => {
      for (const path of files.keys()) if (path.startsWith("/latest/")) files.delete(path);
      for (const [name, content] of release) {
        files.set(`/latest/download/${name}`, content);
        files.set(`/download/v${version}/${name}`, content);
      }
    },
    cutOff: (name) => (cut = name),
    holdBack: (name) => {
      held = name;
      if (name !== undefined) return;
      for (const goOn of waiting) goOn();
      waiting = [];
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

/** What a made-up release is made of. */
export interface MadeUpRelease {
  readonly version: string;
  readonly address: string;
  /** Shell script in place of the executable. */
  readonly executable?: string;
  /** Nothing: an unsigned release of a build without a key. */
  readonly signedBy?: ReturnType<typeof makeKeys> | undefined;
}

/** Name of this machine's executable. */
export function executableName(version: string): string {
  return `cupel-${version}-linux-${process.arch}`;
}

/** A release with a shell script in place of the executable: small, and does what a test wants. */
export function makeUpRelease({ version, address, executable, signedBy }: MadeUpRelease): Map<string, Uint8Array> {
  const program =
    executable ??
    `#!/bin/sh\ncase $1 in --version | version) echo "cupel ${version} (made up)" ;; *) echo "$*" ;; esac\n`;
  const publicKey = signedBy === undefined ? "" : encodePublicKey(ownKeys.publicPem);
  const installer = renderInstaller(readFileSync(join(repositoryRoot, "scripts/install.sh"), "utf8"), {
    version,
    address,
    publicKey,
    sshKey: publicKey === "" ? "" : encodeSshKey(publicKey),
  });
  const texts = {
    [executableName(version)]: program,
    [`cupel-helper-${version}-linux-${process.arch}-launcher`]: "a launcher",
    "cupel.1": "a manual",
    "install.sh": installer,
  };
  const files = new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
  return signRelease(files, signedBy?.privatePem);
}

/** Adds the list of hashes, and signatures of it where there is a key. */
export function signRelease(
  files: ReadonlyMap<string, Uint8Array>,
  privatePem: string | undefined,
): Map<string, Uint8Array> {
  const sums = Buffer.from([...files].map(([name, content]) => `${sha256(content)}  ${name}\n`).join(""));
  const signatures: [string, Uint8Array][] =
    privatePem === undefined
      ? []
      : [
          ["SHA256SUMS.sig", signRaw(sums, privatePem)],
          ["SHA256SUMS.sshsig", Buffer.from(signForSsh(sums, privatePem))],
        ];
  return new Map([...files, ["SHA256SUMS", sums], ...signatures]);
}

// --- internal ---

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
