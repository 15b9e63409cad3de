/** Makes and judges the attacks of the host's side. */
import type { AttackResult } from "../model/verification.ts";
import { placeAttacker } from "./attack-side.ts";
import type { SideSurroundings } from "./side-order.ts";
import type { SandboxWishes } from "./attack-spec.ts";
import { plantFiles } from "./canaries/files.ts";
import type { HostAttack, HostFinding } from "./host-stage.ts";

type Prefix = (program: string, wishes: SandboxWishes) => readonly string[] | undefined;

/** Makes one; without a sandbox where `prefix` gives no words. */
export async function attemptHostAttack(
  attack: HostAttack,
  surroundings: SideSurroundings,
  prefix: Prefix,
): Promise<HostFinding> {
  const files = plantFiles(surroundings.home, surroundings.workspaceUse);
  try {
    const program = placeAttacker(files.places);
    return await attack.attempt({
      prefix: (wishes) => prefix(program, wishes),
      program,
      workspace: files.workspace,
      openFile: files.openFile,
      environment: surroundings.environment,
    });
  } finally {
    await files.remove();
  }
}

/** Holds it against its control. Pure. */
export function judgeHostAttack(
  { id, control }: Pick<HostAttack, "id" | "control">,
  inside: HostFinding,
  outside: HostFinding | undefined,
): AttackResult {
  if (inside.failure !== undefined) return { attack: id, verdict: "not-applicable", because: inside.failure };
  if (inside.doubt !== undefined) return { attack: id, verdict: "unknown", because: inside.doubt };
  if (inside.sign !== undefined) return { attack: id, verdict: "broke", because: inside.sign };
  if (control.by === "none") return { attack: id, verdict: "held", because: "nothing was seen of it" };
  if (outside?.sign !== undefined)
    return { attack: id, verdict: "held", because: `without a sandbox: ${outside.sign}` };
  const why = outside?.failure ?? outside?.doubt ?? "without a sandbox nothing was seen of it";
  return { attack: id, verdict: "unknown", because: `its control failed: ${why}` };
}
