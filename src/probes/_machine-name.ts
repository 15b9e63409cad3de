/** Machines, as QEMU's programs are named by them. */
import type { Host } from "../host/host.ts";

const machineNames: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** `x86_64` in qemu-system-x86_64. */
export function machineName({ architecture }: Host): string {
  return machineNames[architecture] ?? architecture;
}
