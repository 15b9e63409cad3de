/**
 * Containers and images of Docker's whose cupel was killed together with all that would have had them taken away: by the
 * directory that it had for them, which has their name. It stays until the daemon has done so.
 */
import { posix } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Host, ProgramResult } from "../host/host.ts";
import { checkPrivateDirectory } from "../host/private-directory.ts";
import { namesIn } from "../host/names-in.ts";
import { dockerEnvironment } from "../launch/docker-environment.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import { isDockersPlace, layersIn } from "./layer-place.ts";
import { removeTree } from "./remove-tree.ts";
import { makingPattern } from "./run-id.ts";

/** Directories of those whose cupel is gone, as far as nobody but `uid` can have made them. */
export function findLeftContainers(stateDirectories: readonly string[], uid: number): string[] {
  const own = stateDirectories.filter((directory) => checkPrivateDirectory(directory, uid).ok);
  return own.map(layersIn).flatMap((layers) =>
    namesIn(layers).flatMap((name) => {
      const made = makingPattern.exec(name);
      const path = `${layers}/${name}`;
      return made !== null && isDockersPlace(path) && isLeft(makerFrom(made), path) ? [path] : [];
    }),
  );
}

/** More words than this a command line needs never have. */
const namesMax = 100;

/**
 * The client's words that take them away, containers first. An image that is taken by force from a container that is on its
 * way out loses its name alone, and nobody would find it any more. Pure.
 */
export function removalCalls(places: readonly string[]): [string[], string[]] {
  const names = places.map((path) => posix.basename(path));
  return [
    ["rm", "--force", "--volumes", ...names.map((name) => `cupel-${name}`)],
    ["image", "rm", ...names.map((name) => `cupel:${name}`)],
  ];
}

const removalMs = 5000;

/** What is not there is away, and so will be what the daemon has begun to take away. */
const awayPattern = /no such (?:container|image)|is already in progress/i;

/** What an image is kept for: a container has it. */
const heldPattern = /conflict: unable to (?:delete|remove)/i;

function isTold(result: ProgramResult, ...patterns: readonly RegExp[]): boolean {
  if (result.status !== "exited") return false;
  const complaints = result.stderr.split("\n").filter((line) => line !== "");
  const isKnown = (line: string): boolean => patterns.some((pattern) => pattern.test(line));
  return result.code === 0 || (complaints.length > 0 && complaints.every(isKnown));
}

const betweenAsksMs = 50;

/** Asks again while a container that is on its way out holds something. */
async function isTakenAway(ask: () => Promise<ProgramResult>): Promise<boolean> {
  const until = performance.now() + removalMs;
  for (;;) {
    const result = await ask();
    if (isTold(result, awayPattern)) return true;
    if (!isTold(result, awayPattern, heldPattern) || performance.now() >= until) return false;
    await pause(betweenAsksMs);
  }
}

/** Has the daemon that this client finds take them away; gives the directories of those that it did not. */
export async function removeLeftContainers(
  host: Pick<Host, "identity" | "environment" | "run">,
  docker: string,
  stateDirectories: readonly string[],
): Promise<string[]> {
  const left = findLeftContainers(stateDirectories, host.identity.uid);
  const asked = left.slice(0, namesMax);
  if (asked.length === 0) return [];
  const options = { deadlineMs: removalMs, environment: dockerEnvironment(host.environment) };
  for (const words of removalCalls(asked))
    if (!(await isTakenAway(() => host.run(docker, words, options)))) return left;
  for (const path of asked) removeTree(path);
  return left.slice(namesMax);
}
