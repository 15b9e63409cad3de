/** Settings of the whole host that no attack may have changed: read before and after. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { errnoOf } from "../../host/errno-of.ts";
import type { PlantedCanaries } from "./canary.ts";
import type { Hit } from "./hit.ts";

/** What a process with root's id could write, with what comes of it (core(5), proc_sys_kernel(5)). */
const watchedPaths = [
  "/proc/sys/kernel/core_pattern",
  "/proc/sys/kernel/modprobe",
  "/proc/sys/kernel/hotplug",
  "/proc/sys/kernel/domainname",
  "/sys/kernel/uevent_helper",
  "/etc/hosts",
  "/etc/passwd",
];

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return errnoOf(error);
  }
}

function readAll(paths: readonly string[]): Map<string, string> {
  return new Map([["hostname", hostname()], ...paths.map((path) => [path, read(path)] as const)]);
}

/** Nothing is planted: what is there is watched. */
export function watchSettings(paths: readonly string[] = watchedPaths): PlantedCanaries {
  let before = readAll(paths);
  return {
    keys: {},
    tokens: [],
    absent: {},
    look: () => {
      const now = readAll(paths);
      const hits = [...now].filter(([path, text]) => before.get(path) !== text);
      before = now;
      return Promise.resolve(hits.map(([path, text]): Hit => ({ canary: "settings", text: `${path}: ${text}` })));
    },
    remove: () => Promise.resolve(),
  };
}
