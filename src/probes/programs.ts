/** Programs that strategies may drive, and of which no probe tries yet what they can do: that they are there is no capability. */
import { findingsFor, onLinux } from "./_elsewhere.ts";
import { defineProbe, type ProbeContext } from "./_probe.ts";
import { askVersion, findProgram, installed } from "./_program.ts";
import type { Finding } from "../model/capability.ts";

/** Programs by capability. */
const programs = {
  "program.qemu": "qemu-system-",
  "program.fuse-overlayfs": "fuse-overlayfs",
} as const;

type Id = keyof typeof programs;

const ids = Object.keys(programs) as Id[];

/** QEMU's programs are named by machine (qemu-system-x86_64, qemu-system-aarch64). */
const machineNames: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

async function run(context: ProbeContext) {
  const found = await Promise.all(ids.map(async (id) => [id, await probeProgram(context, id)] as const));
  const findings = Object.fromEntries(found) as Record<Id, Finding>;
  return findingsFor(ids, (id) => findings[id]);
}

async function probeProgram({ host }: ProbeContext, id: Id): Promise<Finding> {
  const machine = id === "program.qemu" ? (machineNames[host.architecture] ?? host.architecture) : "";
  const version = await askVersion(host, findProgram(host, `${programs[id]}${machine}`));
  return version.ok ? installed(version, "not tried") : version.finding;
}

/** Probe `programs`. */
export default defineProbe({
  id: "programs",
  area: "programs",
  capabilities: {
    "program.qemu": "QEMU",
    "program.fuse-overlayfs": "fuse-overlayfs",
  },
  deadlineMs: 5000,
  run: onLinux(ids, run),
});
