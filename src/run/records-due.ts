/** Whether records may have to be removed, found out without loading what decides that. */
import { lstatSync } from "node:fs";
import { namesIn } from "../host/names-in.ts";
import { runsIn } from "./record-run.ts";

/** So few take no room that anybody would miss. */
const fewRecords = 100;

/** The shortest time that records can be kept for. */
const dayMs = 24 * 60 * 60 * 1000;

/** Some are a day old, or there are many. */
export function mayHoldExpired(stateDirectories: readonly string[], nowMs: number): boolean {
  return stateDirectories.map(runsIn).some((place) => {
    const names = namesIn(place);
    const isOld = (name: string): boolean => {
      const stats = lstatSync(`${place}/${name}`, { throwIfNoEntry: false });
      return stats !== undefined && nowMs - stats.mtimeMs > dayMs;
    };
    return names.length > fewRecords || names.some(isOld);
  });
}
