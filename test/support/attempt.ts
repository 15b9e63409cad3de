/** Tries forbidden things inside a sandbox and outside of it, with the same program: test/support/attempt.c. */
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "bun:test";
import { compileC } from "./compile-c.ts";
import type { CallOptions, InstalledCupel } from "./run-cli.ts";
import { makeTempDir } from "./temp-dir.ts";
import type { Caller } from "./tester.ts";

/** A word of attempt.c and its arguments. */
export type Attempt = readonly [string, ...(string | number)[]];

/** The program, where every user reaches it. */
export interface Attempter {
  readonly path: string;
  /** What each attempt gave in a sandbox that `flags` of `cupel run` made: `ok` or an errno's name. */
  inside(
    caller: Caller,
    attempts: readonly Attempt[],
    flags?: readonly string[],
    options?: CallOptions,
  ): Promise<string[]>;
  /** What each gave without a sandbox: the control. */
  outside(caller: Caller, attempts: readonly Attempt[], options?: CallOptions): Promise<string[]>;
}

/** Static, so that it runs in any root. */
const program = compileC(join(import.meta.dir, "attempt.c"), { flags: ["-static", "-O1"] });

function wordsOf(attempts: readonly Attempt[]): string[] {
  return attempts.flatMap((attempt, index) => [...(index === 0 ? [] : ["--"]), ...attempt.map(String)]);
}

function linesOf(stdout: string, attempts: readonly Attempt[]): string[] {
  const lines = stdout.trimEnd().split("\n");
  if (lines.length !== attempts.length) throw new Error(`${attempts.length} attempts gave:\n${stdout}`);
  return lines;
}

/** Makes it ready for the tests of one file: called at that file's top level, and gone after its last test. */
export function installAttempt(cupel: InstalledCupel): Attempter {
  const directory = makeTempDir();
  afterAll(() => directory[Symbol.dispose]());
  const path = join(directory.path, "attempt");
  copyFileSync(program, path);
  chmodSync(path, 0o755);
  return {
    path,
    inside: async (caller, attempts, flags = [], options = {}) => {
      const words = ["run", ...flags, "--read", path, "--", path, ...wordsOf(attempts)];
      const { stdout, stderr, code } = await cupel.run(caller, words, options);
      if (code !== 0) throw new Error(`cupel ${words.join(" ")} ended with ${code}: ${stderr}`);
      return linesOf(stdout, attempts);
    },
    outside: async (caller, attempts, options = {}) => {
      const { stdout } = await cupel.outside(caller, [path, ...wordsOf(attempts)], options);
      return linesOf(stdout, attempts);
    },
  };
}
