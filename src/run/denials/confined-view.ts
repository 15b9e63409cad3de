/** What a job sees that rules confine, in the words of a root that mounts make: what is judged of one is judged of both. Pure. */
import type { ConfinementPlan, PathRule } from "../../model/plan.ts";
import type { RootStep } from "../../model/root-step.ts";

function stepOf({ path, access, optional }: PathRule): RootStep {
  if (access === "device") return { step: "devices", destination: path, shmBytes: 0 };
  if (optional) return { step: "mirror", path };
  return { step: "bind", source: path, destination: path, writable: access === "write", mapOwner: "no", optional };
}

/** The steps that would show the same. */
export function rootOfRules({ rules }: ConfinementPlan): RootStep[] {
  return rules.map(stepOf);
}
