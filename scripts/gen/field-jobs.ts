/** A job for each field that a job can have, which asks for that and nothing else. */
import { plainLayout, type Layout } from "../../src/model/layout.ts";
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import { networkModes, seccompProfileNames, type Job, type Limits } from "../../src/model/job.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { limitEntries, quantityParsers } from "../../src/run/limit-fields.ts";
import { resolveDemands } from "../../src/run/resolve-demands.ts";
import { bareJob } from "./bare-job.ts";

/** One field. */
export interface FieldJob {
  /** The flag that states it, with its value. */
  readonly field: string;
  readonly job: Job;
  /** The same job without it. */
  readonly without: Job;
  /** What nobody gives up who asks for it: see `withOwnRoot` in src/run/lay-out-job.ts. */
  readonly standsOn?: GuaranteeId | undefined;
}

const project = "/srv/project";

function fieldJob(
  field: string,
  parts: Partial<Job>,
  request: Partial<JobRequest> = {},
  without: Job = bareJob,
): FieldJob {
  const job = { ...without, ...parts };
  const demands = resolveDemands({ ...defaultRequest, ...request }, job, {});
  return { field, job: { ...job, demands }, without };
}

const layerOf = { path: project, isStated: true, ignore: [], apply: "never" } as const;

/** In a workspace that it can write to. */
const writing = fieldJob("--workspace rw", { workspace: { mode: "rw", path: project }, directory: project });
const layered = fieldJob("--workspace cow", {
  workspace: { mode: "cow", manner: "overlay", ...layerOf },
  directory: project,
});
const reading = fieldJob("--read /srv/data", { grants: [{ path: "/srv/data", access: "read" }] });

/** What only a root of the job's own can have. */
function inOwnRoot(field: string, layout: Partial<Layout>, without?: Job): FieldJob {
  return { ...laidOut(field, layout, without), standsOn: "fs.read" };
}

function laidOut(field: string, layout: Partial<Layout>, without?: Job): FieldJob {
  return fieldJob(field, { layout: { ...plainLayout, ...layout } }, {}, without);
}

const secretJobs = [
  fieldJob("--secret TOKEN=fd:3", { secrets: [{ name: "TOKEN", delivery: "file" }] }, { secrets: ["TOKEN=fd:3"] }),
  fieldJob(
    "--secret-fd TOKEN=fd:3",
    { secrets: [{ name: "TOKEN", delivery: "descriptor" }] },
    { secretDescriptors: ["TOKEN=fd:3"] },
  ),
];

const destination = "api.example.com:443";
const allowing = fieldJob(
  `--allow-host ${destination}`,
  { network: "allow", allowedHosts: [destination] },
  { allowedHosts: [destination] },
);
const injecting = fieldJob(
  "--inject-header HOST: HEADER: VALUE",
  { injections: [{ host: destination, header: "X-Key", value: "{TOKEN}" }] },
  { allowedHosts: [destination] },
  allowing.job,
);

const transparent = fieldJob(
  "--transparent-network",
  { directPorts: [53, 443] },
  { allowedHosts: [destination], isTransparent: true },
  allowing.job,
);

const perProcess: readonly string[] = ["openFiles", "fileBytes", "coreBytes"];
/** A cap on the layer needs one. */
const layerCaps: readonly string[] = ["layerBytes"];

function limitJob([key, { flag, quantity, example }]: (typeof limitEntries)[number]): FieldJob {
  const value = quantityParsers[quantity](example, flag);
  const own: Partial<Limits> = perProcess.includes(key) ? { perProcess: { [key]: value } } : { [key]: value };
  const disks = key.startsWith("io") ? { disks: ["8:0"] } : {};
  const without = layerCaps.includes(key) ? layered.job : bareJob;
  const limits = { ...without.limits, ...disks, ...own };
  return fieldJob(`--${flag} ${example}`, { limits }, { [key]: value }, without);
}

const limitJobs = limitEntries.map(limitJob);
/** A cap on output, and what becomes of a job that writes more. */
const killing = limitJobs
  .filter(({ job }) => job.limits.outputBytes !== undefined)
  .map(({ job }) =>
    fieldJob(
      "--on-output kill",
      { limits: { ...job.limits, onOutput: "kill" } },
      { outputBytes: job.limits.outputBytes },
      job,
    ),
  );

/** All of them, in about the order of the usage text. */
export const fieldJobs: readonly FieldJob[] = [
  layered,
  fieldJob("--workspace ro", { workspace: { mode: "ro", path: project }, directory: project }),
  writing,
  reading,
  fieldJob("--write /srv/data", { grants: [{ path: "/srv/data", access: "write" }] }),
  fieldJob("--tools", {
    toolDirectories: ["/opt/tools/bin"],
    grants: [{ path: "/opt/tools", access: "read" }],
  }),
  inOwnRoot("--deny /srv/data/private", { denied: ["/srv/data/private"] }, reading.job),
  laidOut("--protect .git/hooks", { keptNames: [`${project}/.git/hooks`] }, writing.job),
  inOwnRoot("--root dir:/srv/root", { root: { source: "/srv/root", entries: [{ kind: "shown", path: "/usr" }] } }),
  inOwnRoot("--tmpfs /cache:64M", { directories: [{ path: "/cache", sizeBytes: 64 * 1024 ** 2 }] }),
  inOwnRoot("--file /opt/greeting=hello", { files: [{ path: "/opt/greeting", content: "hello" }] }),
  ...networkModes
    .filter((network) => network !== bareJob.network)
    .map((network) => fieldJob(`--network ${network}`, { network }, { network })),
  allowing,
  transparent,
  injecting,
  ...secretJobs,
  ...seccompProfileNames
    .filter((seccomp) => seccomp !== bareJob.seccomp)
    .map((seccomp) => fieldJob(`--seccomp ${seccomp}`, { seccomp }, { seccomp })),
  fieldJob("--setup true", { setup: { command: ["true"], allowedHosts: [] } }, { setup: "true" }),
  fieldJob(
    `--setup-allow-host ${destination}`,
    { setup: { command: ["true"], allowedHosts: [destination] } },
    { setup: "true", setupAllowedHosts: [destination] },
  ),
  fieldJob(
    "--publish 8080:3000",
    { published: [{ address: { version: 4, bytes: [127, 0, 0, 1] }, port: 8080, jobPort: 3000 }] },
    { publish: ["8080:3000"] },
  ),
  fieldJob("--env NAME=VALUE", { environment: { NAME: "VALUE" } }),
  fieldJob("--tty", { terminal: "private" }),
  ...limitJobs,
  ...killing,
];
