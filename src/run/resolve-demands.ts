/** What a request demands: the isolation set, but for what it asks the opposite of, and every cap that it states. */
import { guaranteeIds, isolationSet, type GuaranteeId } from "../model/guarantee.ts";
import { writesWorkspace, type Demands, type Job } from "../model/job.ts";
import type { JobRequest } from "./job-request.ts";
import { limitEntries, statedLimits } from "./limit-fields.ts";

function limitDemands(request: JobRequest, defaults: Job["defaultLimits"]): GuaranteeId[] {
  const applied = { ...(request.strict ? defaults : {}), ...statedLimits(request) };
  return limitEntries.flatMap(([key, { guarantee }]) =>
    guarantee === undefined || applied[key] === undefined ? [] : [guarantee],
  );
}

/** Where there is some network, but not the host's: what is left of none is that it is no more than what was asked for. */
function asksForSome({ allowedHosts, setupAllowedHosts, publish }: JobRequest): boolean {
  return allowedHosts.length + setupAllowedHosts.length + publish.length > 0;
}

/** All of it, for a job that has this workspace and these grants. Pure. */
export function resolveDemands(
  request: JobRequest,
  files: Pick<Job, "workspace" | "grants">,
  defaults: Job["defaultLimits"],
): Demands {
  const isWritten = writesWorkspace(files);
  const opposed: GuaranteeId[] = [
    ...(isWritten ? (["fs.protected"] as const) : []),
    ...(request.network === "host" || asksForSome(request) ? (["net.none"] as const) : []),
  ];
  const isolation = isolationSet.filter((id) => !opposed.includes(id));
  const listed: GuaranteeId[] = [
    ...(asksForSome(request) ? (["net.allowlist"] as const) : []),
    ...(request.publish.length > 0 ? (["net.loopback"] as const) : []),
  ];
  const secrets: GuaranteeId[] =
    request.secrets.length + request.secretDescriptors.length > 0 ? ["secret.private"] : [];
  const wanted = new Set<GuaranteeId>([
    ...isolation,
    // Whether it was asked for or is the default: the caller's files are to stay as they are.
    ...(files.workspace.mode === "empty" || isWritten ? [] : (["fs.workspace"] as const)),
    ...listed,
    ...secrets,
    ...limitDemands(request, defaults),
    ...request.require,
  ]);
  const required = guaranteeIds.filter((id) => wanted.has(id));
  return {
    required,
    accepted: request.accept === "all" ? required : request.accept,
    minimum: request.minimum,
    strategy: request.strategy,
    prefer: request.prefer,
    ...(request.verified === true ? { verified: true } : {}),
  };
}
