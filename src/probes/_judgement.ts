/** What judges of causes have in common. */
import type { NamespaceFacts } from "./_namespace-facts.ts";
import { errnoAt } from "./_steps.ts";

/** What one judge says of its cause: it is one, with what was seen; it is not; or this host does not let one tell. */
export type Judgement = { readonly cause: string } | "ruled-out" | "cannot-tell";

const creationSteps = ["clone", "user-namespace", "idmap-namespace"];

/** What the calls that make a user namespace failed with, in the launch and in the prober, where that is what failed. */
export function creationErrnos({ failure, reading }: NamespaceFacts): string[] {
  if (!creationSteps.includes(failure.step)) return [];
  const probed = ["clone-user", "unshare-user"].map((step) => errnoAt(reading, step) ?? "ok");
  return [failure.errno, ...probed].filter((errno) => errno !== "ok");
}

/** Steps of a launch that fail for the sake of a file, a limit or the launcher itself: no cause of ours explains them. */
export const unrelatedSteps: readonly string[] = [
  "instruction",
  "standard-streams",
  "control-group",
  "mirror",
  "bind-source",
  "write-file",
  "working-directory",
  "resource-limit",
];
