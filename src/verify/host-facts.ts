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

/** CAP_SETPCAP (linux/capability.h): who has it drops capabilities from its bounding set, and nobody else. */
const setsBounding = 1n << 8n;

function mayDropBounding(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined || (BigInt(`0x${effective}`) & setsBounding) !== 0n;
}

/** The user namespace of a caller who has no right to its bounding set, and leaves it to whatever stays in there. */
function readRightlessNamespace(): Record<string, string> {
  const { status } = read("status", () => readFileSync("/proc/self/status", "utf8"));
  if (status === undefined || mayDropBounding(status)) return {};
  return read(rightlessNamespace, () => readlinkSync("/proc/self/ns/user"));
}

/** The fact's name, where there is one. */
export const rightlessNamespace = "rightless-namespace";

/** Those that can be read; `settable-name` is the namespace that the host's name belongs to (uts_namespaces(7)). */
export function readHostFacts(): Readonly<Record<string, string>> {
  const files = Object.entries(paths).map(([name, path]) => read(name, () => readFileSync(path, "utf8").trim()));
  return Object.assign(
    read("settable-name", () => readlinkSync("/proc/self/ns/uts")),
    readRightlessNamespace(),
    ...files,
  );
}
