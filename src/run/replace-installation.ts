/** Replaces an installed cupel by a release, if that works here: until it has been seen to, the old one keeps its name. */
import { chownSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
import { CupelError } from "../model/error.ts";
import { manualName, type Release } from "../model/release.ts";
import type { DoctorAnswer } from "../model/upgrade.ts";
import { fetchExecutable } from "./fetch-executable.ts";
import { fetchSmallFile, type ReleaseOrder } from "./fetch-release.ts";
import { demandSame, type Installation } from "./installation.ts";
import { cleanCompanions, placeCompanions, type Companion } from "./place-companions.ts";
import { keepExecutable, placeExecutable } from "./place-executable.ts";
import { recordName } from "./release-address.ts";
import { openStaging, type Staging } from "./staging.ts";
import { askDoctor, tryVersion } from "./try-executable.ts";

/** What is replaced by what. */
export interface Replacement {
  readonly host: Host;
  readonly installation: Installation;
  /** Of the old executable: the new one has the same owner and mode. */
  readonly stats: Stats;
  readonly order: ReleaseOrder;
  readonly release: Release;
  /** Address to remember this installation's releases by: undefined leaves what is remembered, null forgets it. */
  readonly record: string | null | undefined;
  /** Ends it between two steps: its reason is thrown. */
  readonly signal: AbortSignal;
}

function refuse(message: string): CupelError {
  return new CupelError("refused", message);
}

/** Only files of root's are worth having beside the executable: cupel keeps private copies otherwise. */
async function fetchHelpers({ installation, stats, order, release }: Replacement): Promise<Companion[]> {
  const { library } = installation;
  if (library === undefined || stats.uid !== 0) return [];
  const companions: Companion[] = [];
  for (const helper of release.helpers) {
    const content = await fetchSmallFile(order, helper);
    companions.push({ path: join(library, helper.helper), content, mode: 0o755 });
  }
  return companions;
}

/** One that nobody installed is not missed. */
async function fetchManual({
  installation: { manuals },
  order,
  release: { manual },
}: Replacement): Promise<Companion[]> {
  const path = join(manuals ?? "", manualName);
  if (manuals === undefined || manual === undefined || !isThere(path)) return [];
  return [{ path, content: await fetchSmallFile(order, manual), mode: 0o644 }];
}

function recordOf({ installation: { library }, record }: Replacement): Companion[] {
  if (library === undefined || record === undefined) return [];
  const path = join(library, recordName);
  if (record === null && !isThere(path)) return [];
  return [{ path, content: record === null ? undefined : Buffer.from(`${record}\n`), mode: 0o644 }];
}

/** Downloads the new executable, with the owner and the mode of the old one, and sees it start. */
async function stageExecutable(replacement: Replacement, path: string): Promise<void> {
  const { host, order, release, stats, signal } = replacement;
  await fetchExecutable(order, release, path, stats.mode & 0o777);
  if (host.identity.uid === 0) chownSync(path, stats.uid, stats.gid);
  signal.throwIfAborted();
  const problem = await tryVersion(host, path, release.version);
  if (problem !== undefined) throw refuse(`${release.executable.name} does not run here: ${problem}`);
  signal.throwIfAborted();
}

/** In place of the old one; where that fails all is as before. */
function placeAll(installation: Installation, staged: string, companions: readonly Companion[]): () => void {
  const putBack = placeCompanions(companions);
  try {
    placeExecutable(installation, staged);
  } catch (error) {
    putBack();
    throw error;
  }
  return putBack;
}

const holds = 0;

function isWorse(before: DoctorAnswer | string, after: DoctorAnswer): boolean {
  return typeof before !== "string" && before.exitCode === holds && after.exitCode !== holds;
}

/**
 * A rule of the host's (an AppArmor profile) can be about the path of root's executable and helpers: then the new version
 * holds less than the old one until it has their names. Whether it is so is seen by trying.
 */
async function tryInPlace(
  { host, installation, release }: Replacement,
  staging: Staging,
  companions: readonly Companion[],
): Promise<DoctorAnswer> {
  const putExecutableBack = keepExecutable(installation, staging.at("kept"));
  const putCompanionsBack = placeAll(installation, staging.at("cupel"), companions);
  const answer = await askDoctor(host, installation.executable);
  if (typeof answer !== "string" && answer.exitCode === holds) return answer;
  putExecutableBack();
  putCompanionsBack();
  throw losesTheJob(release, answer);
}

function losesTheJob({ version }: Release, answer: DoctorAnswer | string): CupelError {
  const said = typeof answer === "string" ? answer : `exit code ${answer.exitCode}`;
  return refuse(`the doctor of ${version} does not find here what the installed one finds (${said})`);
}

/** Has the new version's doctor look, and the old one's where that is not content; then the new one takes the name. */
async function proveAndPlace(
  replacement: Replacement,
  staging: Staging,
  companions: readonly Companion[],
): Promise<DoctorAnswer> {
  const { host, installation, release, stats, signal } = replacement;
  const answer = await askDoctor(host, staging.at("cupel"));
  signal.throwIfAborted();
  if (typeof answer === "string") throw refuse(`the doctor of ${release.version} fails here: ${answer}`);
  const isContent = answer.exitCode === holds || !isWorse(await askDoctor(host, installation.executable), answer);
  signal.throwIfAborted();
  if (isContent) {
    placeAll(installation, staging.at("cupel"), companions);
    return answer;
  }
  if (stats.uid !== 0) throw losesTheJob(release, answer);
  return tryInPlace(replacement, staging, companions);
}

/**
 * Carries it out; gives what the new version's doctor said.
 * @throws CupelError `refused` where anything stands in the way: the old one is then as it was.
 */
export async function replaceInstallation(replacement: Replacement): Promise<DoctorAnswer> {
  const { installation, stats, signal } = replacement;
  const staging = openStaging(installation.directory, stats.uid);
  try {
    demandSame(installation);
    cleanCompanions(installation, stats.uid, { dryRun: false, mountPoints: [] });
    await stageExecutable(replacement, staging.at("cupel"));
    const helpers = await fetchHelpers(replacement);
    const manual = await fetchManual(replacement);
    signal.throwIfAborted();
    return await proveAndPlace(replacement, staging, [...helpers, ...manual, ...recordOf(replacement)]);
  } finally {
    staging.remove();
  }
}
