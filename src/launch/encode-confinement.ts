/** Encodes what a job may use that has no root of its own, and where it starts. */
import type { LauncherPlan, PathRule } from "../model/plan.ts";
import { bitsOf, type InstructionWriter } from "./instruction-writer.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { pathBits, recordKinds } from "./protocol.ts";

/** Where a job starts, and with which variables. */
export type JobStart = Pick<LauncherPlan, "directory" | "environment">;

/** A directory of the job's own has no name before it is made. */
function scratchOf({ scratch }: LaunchBinding): string {
  if (scratch === undefined) throw new TypeError("a confined plan without a directory of the job's own");
  return scratch;
}

function writeRule(writer: InstructionWriter, { path, access, optional }: PathRule): void {
  writer.record(recordKinds.pathRule, () => {
    writer.u32(
      bitsOf(
        access === "write" && pathBits.write,
        access === "device" && pathBits.device,
        optional && pathBits.optional,
      ),
    );
    writer.text(path);
  });
}

/** A record of each rule, the scratch directory's last. @throws CupelError `usage` where a path holds a NUL. */
export function encodeConfinement(writer: InstructionWriter, plan: LauncherPlan, binding: LaunchBinding): void {
  if (plan.confinement === undefined) return;
  for (const rule of plan.confinement.rules) writeRule(writer, rule);
  writeRule(writer, { path: scratchOf(binding), access: "write", optional: false });
}

/** The plan's own, but for what names the scratch directory; what the caller set stays. */
export function confinedStart({ confinement, directory, environment }: LauncherPlan, binding: LaunchBinding): JobStart {
  if (confinement === undefined) return { directory, environment };
  const path = scratchOf(binding);
  const { variables, directory: below } = confinement.scratch;
  const own = Object.entries(variables).map(([name, place]) => [name, `${path}/${place}`]);
  return {
    directory: below === undefined ? directory : `${path}/${below}`,
    environment: { ...Object.fromEntries(own), ...environment },
  };
}
