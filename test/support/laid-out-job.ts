/** Jobs whose root was asked for, as prepareJob makes them. */
import { createRealHost } from "../../src/host/real-host.ts";
import { CupelError } from "../../src/model/error.ts";
import type { Job } from "../../src/model/job.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { layOutJob } from "../../src/run/lay-out-job.ts";
import { resolveJob } from "../../src/run/resolve-job.ts";
import type { ToolGrants } from "../../src/run/tool-grants.ts";

const realHost = createRealHost();

/** The job of a caller in `directory`. */
export function layOut(parts: Partial<JobRequest>, directory: string, tools?: ToolGrants): Promise<Job> {
  const request = { ...defaultRequest, ...parts };
  const host = { ...realHost, directory, environment: {} };
  const surroundings = { host, stateDirectories: [], tools };
  return layOutJob(resolveJob(request, surroundings), request, surroundings);
}

/** Why there is no such job; its layout where there is one. */
export async function layoutRefusal(parts: Partial<JobRequest>, directory: string): Promise<unknown> {
  try {
    return (await layOut(parts, directory)).layout;
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
}
