/** Probes on this machine, as another user and under fabricated conditions. */
import { chownSync, copyFileSync, linkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../src/model/capability.ts";
import { underConditions, type Condition, type ConditionWith } from "./condition.ts";
import { makeTempDir, type TempDir } from "./temp-dir.ts";
import { isRoot } from "./tester.ts";

/** An id without an account. */
export const strangerId = 61_000;

/** Who the probes are run as: the caller, and where that is root somebody else, too. */
export const identities = isRoot ? (["root", "user"] as const) : (["user"] as const);

/** One of {@link identities}. */
export type TestIdentity = "root" | "user";

/** A place where another user finds Bun, the probes in one file, and a directory of its own. */
export interface Stage {
  readonly directory: TempDir;
  readonly bun: string;
  readonly script: string;
}

/** Puts everything where any user may read it; a checkout may lie in a home directory. `parent` is /tmp where absent. */
export async function setStage(parent?: string): Promise<Stage> {
  const directory = makeTempDir(parent === undefined ? {} : { parent });
  const entry = fileURLToPath(import.meta.resolve("./real-probes.ts"));
  const built = await Bun.build({ entrypoints: [entry], outdir: directory.path, target: "bun" });
  if (!built.success) {
    throw new Error(`the probes do not bundle: ${built.logs.map(({ message }) => message).join("\n")}`);
  }
  const bun = directory.at("bun");
  try {
    linkSync(process.execPath, bun);
  } catch {
    copyFileSync(process.execPath, bun);
  }
  for (const identity of identities) giveTo(identity, directory.folder(identity, 0o700));
  return { directory, bun, script: directory.at("real-probes.js") };
}

/** Takes the stage down. */
export function clearStage({ directory }: Stage): void {
  directory[Symbol.dispose]();
}

/** A directory of this identity's own. */
export function ownDirectory({ directory }: Stage, identity: TestIdentity, name: string): string {
  return giveTo(identity, directory.folder(`${identity}/${name}`));
}

/** Makes a path this identity's own. */
export function giveTo(identity: TestIdentity, path: string): string {
  if (identity === "user" && isRoot) chownSync(path, strangerId, strangerId);
  return path;
}

/** A command as this identity. */
export function asIdentity(
  identity: TestIdentity,
  conditions: readonly (Condition | ConditionWith)[],
  command: readonly string[],
): string[] {
  const isOther = identity === "user" && isRoot;
  return underConditions(isOther ? [{ "as-user": strangerId }, ...conditions] : conditions, command);
}

/** What probes find, run by this identity under these conditions. */
export function runRealProbes(
  stage: Stage,
  identity: TestIdentity,
  conditions: readonly (Condition | ConditionWith)[],
  ids: readonly string[],
): Readonly<Record<string, Finding>> {
  const command = asIdentity(identity, conditions, [stage.bun, stage.script, stage.directory.at(identity), ...ids]);
  const child = Bun.spawnSync(command, { cwd: "/", env: { PATH: process.env["PATH"] ?? "" }, timeout: 30_000 });
  if (!child.success) throw new Error(`${command.join(" ")}: ${String(child.exitCode)}: ${child.stderr.toString()}`);
  return JSON.parse(child.stdout.toString()) as Readonly<Record<string, Finding>>;
}
