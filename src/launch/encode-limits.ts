/** Encodes what bounds a job: see encode-instruction.ts. */
import type { LauncherPlan } from "../model/plan.ts";
import type { InstructionWriter } from "./instruction-writer.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { recordKinds } from "./protocol.ts";

/** When a job is to end, and its control groups, by which it is ended. */
export interface JobEnd {
  readonly timeoutMs?: number | undefined;
  readonly graceMs: number;
  readonly cpuTimeMs?: number | undefined;
  readonly idleMs?: number | undefined;
  /** Directories. One of many jobs has its own, each below a place of the shape's. */
  readonly controlGroups: readonly string[];
}

/** RLIMIT_* (asm-generic/resource.h). */
const resources = { cpuSeconds: 0, fileBytes: 1, core: 4, processes: 6, openFiles: 7 } as const;

/** SIGXCPU comes at the soft limit and ends a process, SIGKILL at the hard one: only the first says what it was for. */
const hardLimitBeyond: Readonly<Partial<Record<keyof typeof resources, number>>> = { cpuSeconds: 1 };

/** Limits of each process, caps on outputs, and the job's end. */
export function encodeLimits(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  for (const [name, resource] of Object.entries(resources)) {
    const value = plan.resourceLimits[name as keyof typeof resources];
    if (value === undefined) continue;
    writer.record(recordKinds.resourceLimit, () => {
      writer.u32(resource);
      writer.u64(value);
      writer.u64(value + (hardLimitBeyond[name as keyof typeof resources] ?? 0));
    });
  }
  const { resident } = binding;
  if (resident !== undefined) writer.record(recordKinds.capture, () => writer.u64(resident.captureBytesMax));
  encodeOutput(writer, plan.output);
  encodeEnd(writer, { ...plan, controlGroups: binding.controlGroups });
}

function encodeOutput(writer: InstructionWriter, output: LauncherPlan["output"]): void {
  if (output === undefined) return;
  writer.record(recordKinds.output, () => {
    writer.u64(output.bytesMax);
    writer.u32(output.beyond === "kill" ? 1 : 0);
  });
}

/** What ends the job, and its control groups. */
export function encodeEnd(writer: InstructionWriter, job: JobEnd): void {
  for (const directory of job.controlGroups) {
    writer.record(recordKinds.controlGroup, () => writer.text(directory));
  }
  writer.record(recordKinds.time, () => {
    writer.u64(job.timeoutMs ?? 0);
    writer.u64(job.graceMs);
    writer.u64(job.cpuTimeMs ?? 0);
    writer.u64(job.idleMs ?? 0);
  });
}
