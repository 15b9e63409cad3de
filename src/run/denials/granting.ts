/** The narrowest flag that would grant a path, and what is to be said of it. Pure. */
import { posix } from "node:path";
import { isWithin } from "../../model/job.ts";
import type { KernelDenial } from "../../model/denial.ts";
import type { HostView } from "./host-view.ts";
import { isSecret } from "./secret-places.ts";

/** What would grant it, or why nothing does. */
export type Granting = Pick<KernelDenial, "grant" | "note">;

/** Too much to grant whole. */
const broadPlaces = ["/", "/boot", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sys", "/tmp"];
const moreBroadPlaces = ["/bin", "/sbin", "/usr", "/var", "/var/lib", "/var/run", "/var/tmp"];

/** Whether a directory is more than anybody means to grant. */
export function isBroad(path: string, { homes }: Pick<HostView, "homes">): boolean {
  return [...broadPlaces, ...moreBroadPlaces, ...homes].includes(path);
}

function isProgram(path: string, { programs }: HostView): boolean {
  return programs.some((directory) => isWithin(path, directory));
}

/** For a path that the host has. */
export function grantPath(path: string, writes: boolean, view: HostView): Granting {
  if (view.own.some((place) => isWithin(path, place) || isWithin(place, path)))
    return { note: "cupel keeps its own there, so no flag grants it" };
  if (isBroad(path, view)) return { note: "that is too much to grant; grant what is needed below it" };
  if (!writes && isProgram(path, view)) return { grant: ["--tools"] };
  const grant = [writes ? "--write" : "--read", path];
  if (isSecret(path, view.homes)) return { grant, note: "credentials: only for a job that may have them" };
  return { grant };
}

/** For a new name: its directory is what can be granted. */
export function grantParent(path: string, view: HostView): Granting {
  const parent = posix.dirname(path);
  if (view.kindOf(parent) !== "directory" || isBroad(parent, view))
    return { note: "a job can make files in its workspace, /tmp and its home" };
  return grantPath(parent, true, view);
}
