/** What attacks say they left behind: seen on the host, it is a hit; whatever it is, it goes. */
import { lstatSync, rmSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import type { Sighting } from "../attack-record.ts";
import type { Hit } from "./hit.ts";

/** A mark: what lies at a path without one may be anybody's. */
const marked = /\/[^/]*[A-F]\d\d-[0-9a-f]{8}[^/]*$/;

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    errnoOf(error);
  }
}

/** Each path that an attack left and that is there on the host; it is removed. */
export function collectLeft(sightings: readonly Sighting[]): Hit[] {
  return sightings.flatMap(({ channel, value }): Hit[] => {
    if (channel !== "left" || !marked.test(value)) return [];
    if (lstatSync(value, { throwIfNoEntry: false }) === undefined) return [];
    remove(value);
    return [{ canary: "left", text: value }];
  });
}
