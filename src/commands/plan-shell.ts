/** `cupel plan --shell`: what is called, and with which words. */
import { lookUpHere } from "../launch/look-up.ts";
import { isMade } from "../launch/maker-call.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import { renderMakerCall } from "../report/render-maker-call.ts";
import { renderLauncherSteps } from "../report/render-plan.ts";
import type { TerminalStyle } from "../report/terminal-style.ts";

/** A script where another program makes the sandbox; otherwise the launcher's steps. */
export function shellOf(plan: Plan, job: Job, style: TerminalStyle): string {
  return isMade(plan.launch) ? renderMakerCall(plan.launch, lookUpHere) : renderLauncherSteps(plan, job, style);
}
