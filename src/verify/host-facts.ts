/** Numbers by which this host can be told from every other, by the names under which an attack tells them. */
import { readFileSync, readlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

const paths = {
  "boot-id": "/proc/sys/kernel/random/boot_id",
  "machine-id": "/etc/machine-id",
} as const;

function read(name: string, get: () => string): Record<string, string> {
  try {
    return { [name]: get() };
  } catch (error) {
    errnoOf(error);
    return {};
  }
}

/** Those that can be read; `settable-name` is the namespace that the host's name belongs to (uts_namespaces(7)). */
export function readHostFacts(): Readonly<Record<string, string>> {
  const files = Object.entries(paths).map(([name, path]) => read(name, () => readFileSync(path, "utf8").trim()));
  return Object.assign(
    read("settable-name", () => readlinkSync("/proc/self/ns/uts")),
    ...files,
  );
}
