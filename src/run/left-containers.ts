/**
 * Containers and images of Docker's whose cupel was killed together with all that would have had them taken away: by the
 * directory that it had for them, which has their name.
 */
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
import { namesIn } from "../host/names-in.ts";
import { dockerEnvironment } from "../launch/docker-environment.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import { layersIn } from "./layer-place.ts";
import { makingPattern } from "./run-id.ts";

/** Names of what may be left of them. */
export function findLeftContainers(stateDirectories: readonly string[]): string[] {
  return stateDirectories.flatMap((directory) => {
    const layers = layersIn(directory);
    return namesIn(layers).filter((name) => {
      const made = makingPattern.exec(name);
      const path = `${layers}/${name}`;
      return made !== null && isThere(`${path}/image.tar`) && isLeft(makerFrom(made), path);
    });
  });
}

/** The client's words that take them away, containers first; one that is not there is none of its failures. Pure. */
export function removalCalls(names: readonly string[]): string[][] {
  if (names.length === 0) return [];
  return [
    ["rm", "--force", "--volumes", ...names.map((name) => `cupel-${name}`)],
    ["image", "rm", "--force", ...names.map((name) => `cupel:${name}`)],
  ];
}

const removalMs = 10_000;

/** Has them taken away by the daemon that the caller's client finds, if it finds one. */
export async function removeLeftContainers(host: Host, stateDirectories: readonly string[]): Promise<void> {
  const [docker] = host.findPrograms("docker");
  if (docker === undefined) return;
  const options = { deadlineMs: removalMs, environment: dockerEnvironment(host.environment) };
  for (const words of removalCalls(findLeftContainers(stateDirectories))) await host.run(docker, words, options);
}
