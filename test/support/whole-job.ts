/** The job that a request without a layout, secrets or artifacts stands for, as the executable makes it. */
import { CupelError } from "../../src/model/error.ts";
import type { Job } from "../../src/model/job.ts";
import { resolveDirectPorts } from "../../src/run/direct-ports.ts";
import { withDisks } from "../../src/run/job-disks.ts";
import type { JobRequest } from "../../src/run/job-request.ts";
import { resolvePublishedPorts } from "../../src/run/published-ports.ts";
import { resolveJob } from "../../src/run/resolve-job.ts";
import { resolveSetup } from "../../src/run/setup-command.ts";

/** What is read of a request before it becomes a job. */
function madeBefore(request: JobRequest): Pick<Job, "setup" | "published" | "directPorts"> {
  return {
    setup: request.setup === undefined ? undefined : resolveSetup(request),
    published: request.publish.length === 0 ? undefined : resolvePublishedPorts(request),
    directPorts: request.isTransparent === true ? resolveDirectPorts(request) : undefined,
  };
}

/** Its job; undefined where a cap on reading or writing disks cannot be kept for it. */
export function wholeJob(request: JobRequest, places: Parameters<typeof resolveJob>[1]): Job | undefined {
  const job = resolveJob(request, { ...places, ...madeBefore(request) });
  if (job.limits.ioReadBytes === undefined && job.limits.ioWriteBytes === undefined) return job;
  try {
    return withDisks(job, places.host, places.stateDirectories);
  } catch (error) {
    if (!(error instanceof CupelError) || error.code !== "refused") throw error;
    return undefined;
  }
}
