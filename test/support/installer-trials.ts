/** Machines on which the installer is tried, and made-up releases for it: small, and wrong in the ways that a test wants. */
import { afterAll, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Ran } from "./execute.ts";
import { makeFreshRoot, type FreshRoot, type InRootOptions } from "./fresh-root.ts";
import { makeUpRelease, ownKeys, startReleaseServer, type ReleaseServer } from "./release-server.ts";
import { callers, ordinaryCaller } from "./tester.ts";

const plainPrograms = ["dash", "bash", "curl", "openssl", "ssh-keygen"];

/** The installer, a server with releases for it, and machines to run it on. */
export interface InstallerTrials {
  readonly server: ReleaseServer;
  /** A signed release, as it should be. */
  goodRelease(version: string): Map<string, Uint8Array>;
  /** Has the server offer one, without faults. */
  publishGood(version: string): void;
  /** A machine with the installer of release 1.0.0 on it, which the server offers. */
  machine(programs?: readonly string[]): FreshRoot;
  /** One on which root has installed that. */
  installed(): Promise<FreshRoot>;
}

/** Starts the server for the tests of one file: called at that file's top level. */
export function useInstallerTrials(): InstallerTrials {
  let server: ReleaseServer | undefined;
  beforeAll(async () => {
    server = await startReleaseServer();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  const running = (): ReleaseServer => {
    if (server === undefined) throw new Error("the server runs from the first test on");
    return server;
  };
  const goodRelease = (version: string): Map<string, Uint8Array> =>
    makeUpRelease({ version, address: running().address, signedBy: ownKeys });
  const publishGood = (version: string): void => {
    running().cutOff(undefined);
    running().publish(version, goodRelease(version));
  };
  const machine = (programs: readonly string[] = plainPrograms): FreshRoot => {
    const root = makeFreshRoot(programs, callers);
    publishGood("1.0.0");
    root.file("install.sh", goodRelease("1.0.0").get("install.sh"), 0o755);
    return root;
  };
  const installed = async (): Promise<FreshRoot> => {
    const root = machine();
    expect(await install(root)).toMatchObject({ code: 0, stderr: "" });
    expect(installedVersion(root)).toBe("1.0.0");
    return root;
  };
  return {
    get server() {
      return running();
    },
    goodRelease,
    publishGood,
    machine,
    installed,
  };
}

/** Runs the installer as root. */
export function install(
  root: FreshRoot,
  words: readonly string[] = [],
  options: InRootOptions = {},
  shell = "sh",
): Promise<Ran> {
  const [caller = ordinaryCaller] = callers;
  return root.run(caller, [shell, "/install.sh", ...words], options);
}

/** Every path below the places that an installer might write to, with kind, mode and size. */
export function survey(root: FreshRoot): string[] {
  const places = ["usr/local", "root", "tmp", "home", "opt"];
  const found = Bun.spawnSync(["find", ...places, "-printf", "%p %y %m %s\n"], { cwd: root.path });
  return found.stdout.toString().split("\n").toSorted();
}

/** What the installed one says that it is. */
export function installedVersion(root: FreshRoot): string {
  return /cupel ([0-9.]+) \(/.exec(readFileSync(root.at("usr/local/bin/cupel"), "utf8"))?.[1] ?? "none";
}

/** Runs it where release 1.0.0 is installed and something is wrong: one sentence, and no change. */
export async function expectRefusal(
  root: FreshRoot,
  words: string,
  flags: readonly string[] = [],
  options: InRootOptions = {},
): Promise<void> {
  const before = survey(root);
  const { code, stdout, stderr } = await install(root, flags, options);
  expect(stderr).toContain(words);
  expect([code, stdout, stderr.trim().split("\n")]).toEqual([1, "", [expect.any(String)]]);
  expect(survey(root)).toEqual(before);
  expect(installedVersion(root)).toBe("1.0.0");
}
