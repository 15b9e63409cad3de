/** The real executable, as a user of this machine calls it. */
import { afterAll } from "bun:test";
import { chownSync, copyFileSync, linkSync } from "node:fs";
import { join, resolve } from "node:path";
import { namesIn } from "../../src/host/names-in.ts";
import { execute, start, type ExecuteOptions, type Ran, type Running } from "./execute.ts";
import { engineOnTrial, flagsOnTrial, strategyOnTrial, withoutNotices } from "./sandbox-on-trial.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import { callers, type Caller } from "./tester.ts";

/** The one that was built, or another one that is to be tried. */
const builtExecutable = resolve(import.meta.dir, "../../dist/cupel", process.env["CUPEL_EXECUTABLE"] ?? "");

/** These tests try a strategy of their own. A batch is run by no strategy that another program makes. */
const leftAlone = ["--strategy", "--batch"];

/** The words of a run in the strategy that is to be tried, unless they name one. */
function inStrategy(words: readonly string[]): readonly string[] {
  const [verb, ...rest] = words;
  const own = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : undefined);
  if (verb !== "run" || own.some((word) => leftAlone.includes(word))) return words;
  return [verb, ...flagsOnTrial(own), ...rest];
}

function toldOf(ran: Ran): Ran {
  return { ...ran, stderr: withoutNotices(ran.stderr) };
}

function followedOf(running: Running): Running {
  return {
    ...running,
    ended: running.ended.then(toldOf),
    stderr: () => withoutNotices(running.stderr()),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** What shell scripts call: the executable, or one that puts the words of the strategy on trial in. */
function makeCommand(base: TempDir): string {
  const path = base.at("cupel");
  if (strategyOnTrial === undefined) return path;
  const flags = flagsOnTrial([]).join(" ");
  const lines = ["#!/bin/sh", `[ "$1" = run ] || exec ${path} "$@"`, "shift", `exec ${path} run ${flags} "$@"`, ""];
  return base.file("cupel-on-trial", lines.join("\n"), 0o755);
}

/** How cupel is called; `env` goes over the caller's plain environment, `undefined` takes a variable out. */
export interface CallOptions extends Omit<ExecuteOptions, "env"> {
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** An installed cupel. State, and the directory that it is called in, are the caller's own and this file's alone. */
export interface InstalledCupel {
  /** The executable, where every user reaches it. */
  readonly path: string;
  /** Calls it and waits for its end. */
  run(caller: Caller, words: readonly string[], options?: CallOptions): Promise<Ran>;
  /** Calls it. */
  start(caller: Caller, words: readonly string[], options?: CallOptions): Running;
  /** Runs a shell script as the caller, where `$CUPEL` is the executable. */
  shell(caller: Caller, script: string, options?: CallOptions): Promise<Ran>;
  /** Runs any other program as the caller: the control outside of every sandbox. */
  outside(caller: Caller, words: readonly string[], options?: CallOptions): Promise<Ran>;
  /** What the caller's environment is, for a test that starts programs its own way. */
  environment(caller: Caller): Record<string, string>;
  /** An empty directory of the caller's, in which it is called unless told otherwise. */
  workspace(caller: Caller): string;
  /** Where the caller's saved report lies. */
  state(caller: Caller): string;
  /** Names of the layers of its jobs, open and kept. */
  layers(caller: Caller): string[];
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system, or another user's file: then a copy is as good.
    copyFileSync(from, to);
  }
}

function plainEnvironment(caller: Caller, base: TempDir): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: caller.home,
    LANG: "C.UTF-8",
    XDG_STATE_HOME: base.at(`state-${caller.uid}`),
    CUPEL: base.at("cupel"),
    ...engineOnTrial,
  };
}

/** Installs it for the tests of one file: called at that file's top level, and gone after its last test. */
export function installCupel(): InstalledCupel {
  const base = makeTempDir();
  afterAll(() => base[Symbol.dispose]());
  linkOrCopy(builtExecutable, base.at("cupel"));
  const command = makeCommand(base);
  const workspaces = new Map<number, TempDir>();
  for (const owner of callers) {
    const own = makeTempDir({ owner, parent: base.path });
    workspaces.set(owner.uid, own);
    makeStateHome(base, owner);
  }
  const workspace = (caller: Caller): string => workspaces.get(caller.uid)?.path ?? base.path;
  const settle = (caller: Caller, { env, cwd, ...rest }: CallOptions = {}): ExecuteOptions => {
    const merged = Object.entries({ ...plainEnvironment(caller, base), ...env });
    const variables = Object.fromEntries(
      merged.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    return { ...rest, cwd: cwd ?? workspace(caller), env: variables };
  };
  const outside: InstalledCupel["outside"] = (caller, words, options) =>
    execute([...caller.prefix, ...words], settle(caller, options));
  return {
    path: base.at("cupel"),
    workspace,
    outside,
    run: async (caller, words, options) =>
      toldOf(await outside(caller, [base.at("cupel"), ...inStrategy(words)], options)),
    start: (caller, words, options) =>
      followedOf(start([...caller.prefix, base.at("cupel"), ...inStrategy(words)], settle(caller, options))),
    shell: async (caller, script, options) =>
      toldOf(await outside(caller, ["sh", "-c", script], { ...options, env: { CUPEL: command, ...options?.env } })),
    environment: (caller) => plainEnvironment(caller, base),
    state: (caller) => join(base.at(`state-${caller.uid}`), "cupel"),
    layers: (caller) => namesIn(base.at(`state-${caller.uid}/cupel/layers`)),
  };
}

function makeStateHome(base: TempDir, owner: Caller): void {
  const path = base.folder(`state-${owner.uid}`, 0o700);
  chownSync(path, owner.uid, owner.gid);
}
