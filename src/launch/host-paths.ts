/** The host's paths, as whoever shows them in another place has to know them. */
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { parseMountPoints } from "../host/mount-points.ts";
import { lookUpHere, type LookUp } from "./look-up.ts";

/** See {@link pathsHere}. */
export interface HostPaths {
  readonly lookUp: LookUp;
  /** What a link there says; undefined where there is none. */
  readonly readLink: (path: string) => string | undefined;
  /** Where the path leads, through all links; undefined where that is nowhere. */
  readonly resolve: (path: string) => string | undefined;
  /** Where something is mounted. */
  readonly mountPoints: readonly string[];
  /** This process's limits (proc_pid_limits(5)). */
  readonly limits: string;
}

function orNothing(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** This process's, as they are now. */
export function pathsHere(): HostPaths {
  return {
    lookUp: lookUpHere,
    readLink: (path) => orNothing(() => readlinkSync(path)),
    resolve: (path) => orNothing(() => realpathSync(path)),
    limits: orNothing(() => readFileSync("/proc/self/limits", "utf8")) ?? "",
    mountPoints: parseMountPoints(orNothing(() => readFileSync("/proc/self/mountinfo", "utf8")) ?? ""),
  };
}
