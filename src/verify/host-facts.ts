/** Numbers by which this host can be told from every other, by the names under which an attack tells them. */
import { readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

const paths = {
  "boot-id": "/proc/sys/kernel/random/boot_id",
  "machine-id": "/etc/machine-id",
} as const;

/** Those that can be read. */
export function readHostFacts(): Readonly<Record<string, string>> {
  const facts: Record<string, string> = {};
  for (const [name, path] of Object.entries(paths)) {
    try {
      facts[name] = readFileSync(path, "utf8").trim();
    } catch (error) {
      errnoOf(error);
    }
  }
  return facts;
}
