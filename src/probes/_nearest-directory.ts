/** Places that may be made later: what holds for them holds for the nearest directory that is there. */
import { ancestorsOf } from "../host/private-directory.ts";
import type { Host } from "../host/host.ts";

/** The directory itself, or the nearest one above it that exists. */
export function nearestDirectory(host: Host, path: string): string {
  return [path, ...ancestorsOf(path)].find((one) => host.status(one).ok) ?? "/";
}
