/** The program of `cupel bwrap`, by itself, where every user reaches it. */
import { afterAll } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { loadFrontHelpers } from "../../src/launch/front-helpers.ts";
import { originalHelper } from "../../src/launch/helper-file.ts";
import { buildSanitized } from "./build-sanitized.ts";
import { repositoryRoot } from "./compile-c.ts";
import { execute, type Ran } from "./execute.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** A directory that holds it as `bwrap`; called at a file's top level, and gone after its last test. */
export function installFront(): { readonly directory: string; readonly path: string } {
  loadFrontHelpers();
  const place = makeTempDir();
  afterAll(() => place[Symbol.dispose]());
  return { directory: place.path, path: place.file("bwrap", originalHelper("bwrap").bytes, 0o755) };
}

/** The same with AddressSanitizer and UBSan: the path of a script that calls it. */
export async function installSanitizedFront(): Promise<string> {
  await buildSanitized();
  const place = makeTempDir();
  afterAll(() => place[Symbol.dispose]());
  copyFileSync(join(repositoryRoot, "dist/sanitize/bwrap"), place.at("program"));
  // What is looked for at the end of a process is looked for in /proc, which a sandbox need not have.
  return place.file("bwrap", `#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec ${place.at("program")} "$@"\n`, 0o755);
}

/** uname(2) is refused with EPERM: ld [0]; jeq #63 (x86-64) or #160 (arm64); ret ERRNO|1 or ALLOW (seccomp(2)). */
function filterOfUname(): Uint8Array {
  const number = process.arch === "arm64" ? 160 : 63;
  const words: [number, number, number, number][] = [
    [0x20, 0, 0, 0],
    [0x15, 0, 1, number],
    [0x06, 0, 0, 0x0005_0001],
    [0x06, 0, 0, 0x7fff_0000],
  ];
  const bytes = Buffer.alloc(words.length * 8);
  for (const [index, [code, whenTrue, whenFalse, value]] of words.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}

// Where a root is made is not for whoever asked for it to know, and bubblewrap's messages name it at times.
function plain(text: string, directory: TempDir): string {
  return text
    .replaceAll(directory.path, "DIRECTORY")
    .replaceAll("/newroot/", "/")
    .replaceAll(/^bash: .*/gm, "bash says");
}

/** Runs a script with $BWRAP, in a directory of the caller's own that holds a `filter` of uname(2). */
export async function askBubblewrap(caller: Caller, program: string, script: string): Promise<Ran> {
  using directory = makeTempDir({ owner: caller });
  directory.file("filter", filterOfUname());
  const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/", LC_ALL: "C", BWRAP: program, PWD: directory.path };
  const words = [...caller.prefix, "timeout", "--kill-after=1", "10", "bash", "-c", script];
  const ran = await execute(words, { cwd: directory.path, env });
  return { ...ran, stdout: plain(ran.stdout, directory), stderr: plain(ran.stderr, directory) };
}
