/** What `run` says of a job's end. */
import { lstatSync } from "node:fs";
import type { Host } from "../host/host.ts";
import type { Job } from "../model/job.ts";
import type { NetworkOutcome } from "../model/denial.ts";
import type { Ending, OutcomeStatus } from "../model/ending.ts";
import { say } from "./terminal.ts";

/** Ends that the job itself has told of, or that were told already. */
const plainStatuses: readonly OutcomeStatus[] = ["ok", "nonzero", "signalled", "cancelled", "refused"];

/** What git exits with where it cannot go on (git(1), "fatal: …"). */
const gitFailure = 128;

/** Git in a worktree whose repository is not there says only that there is none. */
async function tellWorktree(job: Job): Promise<void> {
  const { workspace } = job;
  if (workspace.mode === "empty") return;
  if (lstatSync(`${workspace.path}/.git`, { throwIfNoEntry: false })?.isFile() !== true) return;
  const { describeWorktree } = await import("../run/git-worktree.ts");
  const said = describeWorktree(job);
  if (said !== undefined) say(said);
}

async function tellMissing(job: Job, host: Host, isInSetup: boolean): Promise<void> {
  const { explainMissingProgram } = await import("../run/explain-missing-program.ts");
  const command = isInSetup ? (job.setup?.command ?? job.command) : job.command;
  say(`${explainMissingProgram({ ...job, command }, host)}${isInSetup ? " (for the set-up)" : ""}`);
}

/** Where it was noticed, a line said so. */
const saidAlready: readonly Ending["cause"]["code"][] = ["output-lost", "changes-lost"];

/** One line, where the exit code alone would leave the caller wondering. `--quiet` silences what is about the job. */
export async function tellEnding(
  { status, cause, code, inSetup }: Ending,
  { job, host, isQuiet }: { readonly job: Job; readonly host: Host; readonly isQuiet: boolean },
): Promise<void> {
  const isInSetup = inSetup === true;
  if (cause.code === "program-not-found") return tellMissing(job, host, isInSetup);
  if (code === gitFailure && !isQuiet) await tellWorktree(job);
  if ((plainStatuses.includes(status) && !isInSetup) || saidAlready.includes(cause.code)) return;
  if (status === "setup-failed" || !isQuiet) say(cause.summary);
}

/** One line each, where its network was lost, and where connections were denied: a job may call both something else. */
export async function tellNetwork(network: NetworkOutcome | undefined, isQuiet: boolean): Promise<void> {
  if (network === undefined) return;
  if (network.isCutOff) say("the job's network was lost before it ended: what carried its connections was killed");
  if (network.denied === 0 || isQuiet) return;
  const { describeDenials } = await import("../report/denial-words.ts");
  say(describeDenials(network));
}
