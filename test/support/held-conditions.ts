/** A fabricated host that stays, to be entered again and again: namespaces held by a process that sleeps in them. */
import { underConditions, type Condition, type ConditionWith } from "./condition.ts";
import { start } from "./execute.ts";

/** Namespaces that a condition can have made. */
export type HeldNamespace = "user" | "mnt";

const flags: Readonly<Record<HeldNamespace, string>> = { user: "--user", mnt: "--mount" };

/** A host that is there until it is disposed of. */
export interface HeldConditions extends AsyncDisposable {
  /** Words in front of a command that is to be run in there, as its root. */
  readonly enter: readonly string[];
}

/** Makes one; only root can enter it. */
export async function holdConditions(
  conditions: readonly (Condition | ConditionWith)[],
  namespaces: readonly HeldNamespace[],
): Promise<HeldConditions> {
  const holder = start(underConditions(conditions, ["sh", "-c", "echo ready; exec sleep 1000"]));
  await holder.wrote("ready");
  const places = namespaces.map((kind) => `${flags[kind]}=/proc/${holder.pid}/ns/${kind}`);
  return {
    enter: ["nsenter", ...places, "--"],
    [Symbol.asyncDispose]: () => holder[Symbol.asyncDispose](),
  };
}
