/** Whose home a directory is: a home is never taken as a workspace by itself. */
import type { Host } from "../host/host.ts";
import { realPath } from "./real-path.ts";

/** Home directories of passwd(5), but for those that services share with the system. Pure. */
export function parseHomes(passwd: string): string[] {
  const homes = passwd.split("\n").map((line) => line.split(":")[5] ?? "");
  return homes.filter((home) => home.startsWith("/") && home !== "/");
}

/** Directories that are somebody's whole home, by every name that they have. */
export function listHomes(host: Host): string[] {
  const passwd = host.readText("/etc/passwd");
  const stated = host.environment["HOME"];
  const homes = [...(passwd.ok ? parseHomes(passwd.value) : []), ...(stated?.startsWith("/") === true ? [stated] : [])];
  return homes.flatMap((home) => [home, ...(home === stated ? [realPath(home) ?? home] : [])]);
}
