/** Real executables of release 1.0.0 to be upgraded, a server with signed releases for them, and what they left behind. */
import { afterAll, beforeAll } from "bun:test";
import { chownSync, copyFileSync, linkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildExecutable } from "../../scripts/build/executable.ts";
import { listHelpers } from "../../scripts/build/native.ts";
import { buildIdentityPath, renderBuildIdentity } from "../../scripts/gen/build-identity.ts";
import { encodePublicKey } from "../../scripts/release/signing.ts";
import { repositoryRoot } from "../../scripts/source/repository.ts";
import { execute, start, type ExecuteOptions, type Ran, type Running } from "./execute.ts";
import {
  executableName,
  makeUpRelease,
  ownKeys,
  signRelease,
  startReleaseServer,
  type ReleaseServer,
} from "./release-server.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import { callers, type Caller } from "./tester.ts";

/** An installation of a caller's: `bin/cupel` below a directory of its own. */
export interface InstalledCopy extends TempDir {
  readonly executable: string;
  readonly caller: Caller;
  /** Calls it, as its owner unless told otherwise. */
  run(words: readonly string[], options?: CopyOptions): Promise<Ran>;
  start(words: readonly string[], options?: CopyOptions): Running;
  /** Runs a shell script, where `$0` is the executable. */
  shell(script: string, options?: CopyOptions): Promise<Ran>;
  /** Version that it says it is. */
  version(): Promise<string>;
  /** Every path below it but the caller's state, with kind, mode, owner and size. */
  survey(): string[];
}

/** How it is called. */
export interface CopyOptions extends ExecuteOptions {
  readonly as?: Caller;
  /** Shell commands for root in a mount namespace of the call's own; `$1` is the installation's directory. */
  readonly before?: string;
}

/** What a made-up release is, where it is not as it should be. */
export interface MadeUp {
  /** Shell script in place of the executable. */
  readonly executable?: string;
  readonly signedBy?: typeof ownKeys | undefined;
}

/** See {@link useUpgradeTrials}. */
export interface UpgradeTrials {
  readonly server: ReleaseServer;
  /** A small signed release: a shell script stands for the executable. */
  madeUp(version: string, facts?: MadeUp): Map<string, Uint8Array>;
  /** Has the server offer it, without faults. */
  publish(version: string, files?: Map<string, Uint8Array>): void;
  /** Has the server offer release 2.0.0 as it would really be, compressed and with its helpers. */
  publishReal(): void;
  /** 1.0.0 as installed by a caller, at a path below a directory of its own. */
  install(caller: Caller, path?: string, which?: "with a key" | "without a key"): InstalledCopy;
}

const target = `linux-${process.arch}`;
const versions = { "with a key": "1.0.0", "without a key": "1.0.0", newer: "2.0.0" } as const;
type Which = keyof typeof versions;

/** Script that does nothing but what an upgrade asks of a new version; `doctor` is what its doctor does. */
export function scriptOf(version: string, doctor: string, before = ":"): string {
  return `#!/bin/sh\ncase $1 in\nversion) ${before}; echo "cupel ${version} (made up)" ;;\ndoctor) ${doctor} ;;\nesac\n`;
}

async function build(which: Which, output: string, address: string): Promise<void> {
  const releaseKey = which === "without a key" ? null : encodePublicKey(ownKeys.publicPem);
  const identity = { commit: null, target, releaseKey, releaseAddress: address };
  const text = renderBuildIdentity(repositoryRoot, identity);
  const replaced = { [buildIdentityPath]: text.replace(/version: "[^"]*"/, `version: "${versions[which]}"`) };
  await buildExecutable({ output, replaced });
}

function realRelease(executable: Buffer): Map<string, Uint8Array> {
  const version = versions.newer;
  const helper = (name: string): [string, Buffer] => [
    `cupel-helper-${version}-${target}-${name}`,
    readFileSync(join(repositoryRoot, "dist/helpers", process.arch, name)),
  ];
  const files = new Map<string, Uint8Array>([
    [executableName(version), executable],
    [`${executableName(version)}.gz`, gzipSync(executable, { level: 1 })],
    ...listHelpers().map(helper),
    ["cupel.1", Buffer.from(`the manual of ${version}\n`)],
  ]);
  return signRelease(files, ownKeys.privatePem);
}

/** Starts the server and builds the executables for the tests of one file: called at that file's top level. */
export function useUpgradeTrials(): UpgradeTrials {
  const built = makeTempDir();
  let server: ReleaseServer;
  let real: Map<string, Uint8Array> | undefined;
  const path = (which: Which, caller: Caller): string => built.at(`${which.replaceAll(" ", "-")}-${caller.uid}`);
  beforeAll(async () => {
    server = await startReleaseServer();
    for (const which of ["with a key", "without a key", "newer"] as const) {
      await build(which, built.at(which.replaceAll(" ", "-")), server.address);
      for (const caller of callers) {
        copyFileSync(built.at(which.replaceAll(" ", "-")), path(which, caller));
        chownSync(path(which, caller), caller.uid, caller.gid);
      }
    }
  }, 120_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    built[Symbol.dispose]();
  });
  const madeUp = (version: string, { executable, ...facts }: MadeUp = {}): Map<string, Uint8Array> =>
    makeUpRelease({
      version,
      address: server.address,
      signedBy: "signedBy" in facts ? facts.signedBy : ownKeys,
      executable: executable ?? scriptOf(version, "echo a verdict"),
    });
  const publish = (version: string, files = madeUp(version)): void => {
    server.cutOff(undefined);
    server.holdBack(undefined);
    server.publish(version, files);
  };
  return {
    get server() {
      return server;
    },
    madeUp,
    publish,
    publishReal: () => {
      real ??= realRelease(readFileSync(built.at("newer")));
      publish(versions.newer, real);
    },
    install: (caller, at = "bin/cupel", which = "with a key") => {
      const directory = makeTempDir({ owner: caller });
      if (at.includes("/")) directory.folder(at.slice(0, at.lastIndexOf("/")));
      linkSync(path(which, caller), directory.at(at));
      return installedCopy(directory, directory.at(at), caller);
    },
  };
}

// --- internal ---

/** Becomes a mount namespace of its own, for root to change and the caller to be called in. */
const inNamespace = (before: string): string[] => [
  "unshare",
  "--mount",
  "--propagation",
  "private",
  "sh",
  "-euc",
  `eval "$2"; shift 2; exec "$@"`,
  "sh",
  "here",
  before,
];

function installedCopy(directory: TempDir, executable: string, caller: Caller): InstalledCopy {
  const state = directory.folder("state", 0o700);
  const settle = ({ env, as: _as, before: _before, ...rest }: CopyOptions): ExecuteOptions => ({
    cwd: "/",
    ...rest,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: state, XDG_STATE_HOME: state, ...env },
  });
  const words = (given: readonly string[], { as = caller, before }: CopyOptions): string[] => [
    ...(before === undefined ? [] : inNamespace(before.replaceAll("$1", directory.path))),
    ...as.prefix,
    ...given,
  ];
  const call = (given: readonly string[], options: CopyOptions): Promise<Ran> =>
    execute(words(given, options), settle(options));
  const run: InstalledCopy["run"] = (given, options = {}) => call([executable, ...given], options);
  return {
    ...directory,
    executable,
    caller,
    run,
    start: (given, options = {}) => start(words([executable, ...given], options), settle(options)),
    shell: (script, options = {}) => call(["sh", "-c", script, executable], options),
    version: async () => /^cupel (\S+) \(/.exec((await run(["version"])).stdout)?.[1] ?? "none",
    survey: () => {
      const found = Bun.spawnSync(["find", ".", "-path", "./state", "-prune", "-o", "-printf", "%p %y %m %u %s\n"], {
        cwd: directory.path,
      });
      return found.stdout.toString().trim().split("\n").toSorted();
    },
  };
}
