/** A job to start from: what is generated about jobs says how others differ from it. */
import type { Job } from "../../src/model/job.ts";
import { plainLayout } from "../../src/model/layout.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { resolveDemands } from "../../src/run/resolve-demands.ts";

/** Nothing of the host's but its programs, and no cap: any example is another value than its own. */
export const bareJob: Job = {
  command: ["/bin/true"],
  workspace: { mode: "empty", why: "" },
  directory: "/",
  grants: [],
  toolDirectories: [],
  network: "none",
  allowedHosts: [],
  nameResolution: {},
  seccomp: "default",
  environment: {},
  terminal: "none",
  limits: { graceMs: 0 },
  defaultLimits: {},
  demands: resolveDemands(defaultRequest, { workspace: { mode: "empty", why: "" }, grants: [] }, {}),
  hidden: [],
  layout: plainLayout,
};
