/** `run` keeps its outcome, so that `cupel runs` can show it. */
import type { Host } from "../host/host.ts";
import type { Outcome } from "../model/outcome.ts";
import { recordRun, type FinishedRun } from "../run/record-run.ts";
import { freeId } from "../run/run-id.ts";
import { say } from "./terminal.ts";

/** Whose run it was, and where its record may lie. */
interface Keeper {
  readonly host: Host;
  readonly directories: readonly string[];
}

/** So much of the ids begin with it: one run in twenty-eight looks whether records are to be removed. */
const pruningLetter = "b";

/** Keeps it under the id by which its changes are kept, if some are; gives the outcome with that. */
export async function recordOutcome(run: Omit<FinishedRun, "id">, { host, directories }: Keeper): Promise<Outcome> {
  const id = run.outcome.workspace?.id ?? freeId(directories);
  const outcome = { ...run.outcome, run: id };
  const recorded = recordRun({ ...run, id, outcome }, directories, host.identity.uid);
  if (!recorded.ok) {
    if (recorded.reason !== undefined) say(`the run could not be recorded: ${recorded.reason}`);
    return run.outcome;
  }
  // With outputs few records take much room.
  if (run.kept !== undefined) (await import("../run/prune-runs.ts")).pruneByConfiguration(host, directories);
  else if (id.startsWith(pruningLetter)) await pruneIfDue(host, directories);
  return outcome;
}

async function pruneIfDue(host: Host, directories: readonly string[]): Promise<void> {
  const { mayHoldExpired } = await import("../run/records-due.ts");
  if (mayHoldExpired(directories, Date.now()))
    (await import("../run/prune-runs.ts")).pruneByConfiguration(host, directories);
}
