/** Encodes a kernel of the job's own: the root around the job's, and how the program is called that is one. */
import type { LauncherPlan } from "../model/plan.ts";
import { encodeRootStep } from "./encode-root-step.ts";
import type { InstructionWriter } from "./instruction-writer.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { recordKinds } from "./protocol.ts";

/**
 * Writes the records of a kernel of the job's own, where the plan has one. The steps of the root around the job's follow
 * the mark; those of the job's come before it.
 * @throws CupelError `usage` where a path holds a NUL.
 */
export function encodeGuest(writer: InstructionWriter, { guest }: LauncherPlan, binding: LaunchBinding): void {
  if (guest === undefined) return;
  if (binding.name === undefined) throw new TypeError("a plan with a kernel of the job's own, without its name");
  writer.record(recordKinds.around, () => undefined);
  for (const step of guest.root) encodeRootStep(writer, step, binding);
  for (const word of [...guest.command, binding.name])
    writer.record(recordKinds.makerArgument, () => writer.text(word));
  writer.record(recordKinds.makerStart, () => writer.u64(guest.startTimeoutMs));
}
