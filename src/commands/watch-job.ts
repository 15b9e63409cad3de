/** What `run --explain-denials` does besides: it watches the job's calls, and says which were denied. */
import type { Watching } from "../launch/start-launch.ts";
import type { Host } from "../host/host.ts";
import { findTracer, type TracerWords } from "../launch/tracer.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { KernelDenial } from "../model/denial.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { describeKernelDenials } from "../report/kernel-denial-words.ts";
import { rootOfRules } from "../run/denials/confined-view.ts";
import { readHostView } from "../run/denials/host-view.ts";
import { judgeDenials } from "../run/denials/judge-denials.ts";
import { TraceReader } from "../run/denials/trace-reader.ts";
import type { Inquiry } from "./prepare-job.ts";
import { writeErrors } from "./terminal.ts";

/** A job that is watched. */
export interface Watch {
  readonly watching: Watching;
  /** Judges what was seen, says it, and gives it. */
  readonly tellDenials: (asked: Inquiry & { readonly isQuiet: boolean }, launch: LauncherPlan) => KernelDenial[];
}

/** @throws CupelError `usage` where nothing can watch the job, or what was verified was not watched. */
export async function findJobTracer({ demands }: Job, host: Host): Promise<TracerWords> {
  if (demands.verified !== true) return findTracer(host);
  throw new CupelError(
    "usage",
    "--explain-denials and --verified do not go together: cupel verify attacks sandboxes that nothing traces; leave one out",
  );
}

/** Why a job of this plan cannot be watched. */
function whyUnwatched({ guest, maker, outside }: LauncherPlan, strategy: string): string | undefined {
  if (guest !== undefined)
    return `sees what the host's kernel is asked, and that of a job in ${strategy} is asked nothing`;
  if (maker?.program === "docker")
    return "traces what cupel's launcher starts, and a job in docker is started by Docker's daemon";
  if (maker?.program === "systemd-run")
    return "traces what cupel's launcher starts, and a job in systemd is started by systemd itself";
  // execve(2): no set-user-ID program has its owner's rights under a tracer that has not.
  if (maker?.program === "podman" && outside === "caller")
    return "traces all that makes the sandbox, and newuidmap, which Podman maps ids with, has no rights of root's then";
  return undefined;
}

/** Begins to watch a job. @throws CupelError `refused` where that shows nothing, or keeps it from being started. */
export function watchJob(tracer: TracerWords, plan: LauncherPlan, strategy: string): Watch {
  const why = whyUnwatched(plan, strategy);
  if (why !== undefined)
    throw new CupelError("refused", `--explain-denials ${why}; leave it out, or take another strategy (--strategy)`);
  const { directory } = plan;
  const reader = new TraceReader(directory);
  return {
    watching: { tracer, onTrace: (chunk) => reader.push(chunk) },
    tellDenials: ({ job, host, directories, isQuiet }, launch) => {
      const { root, confinement } = launch;
      const view = {
        job,
        root: confinement === undefined ? root : rootOfRules(confinement),
        isConfined: confinement !== undefined,
        host: readHostView(host, directories),
      };
      const denials = judgeDenials(reader.failures(), view, launch);
      if (!isQuiet) writeErrors(describeKernelDenials(denials));
      return denials;
    },
  };
}
