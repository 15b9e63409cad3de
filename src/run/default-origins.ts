/** The values of a job that nobody stated: cupel's own. Pure. */
import type { Job } from "../model/job.ts";
import type { Origin } from "../model/origin.ts";
import { formatBytes, formatDuration } from "../report/phrase.ts";
import { jobFields, settingKeys, type SettingKey } from "./job-fields.ts";

function defaultValues(job: Job): Partial<Readonly<Record<SettingKey, string | undefined>>> {
  const { memoryBytes, pids } = job.defaultLimits;
  return {
    workspace: job.workspace.mode === "empty" ? "none" : job.workspace.mode,
    apply: job.workspace.mode === "cow" ? "never" : undefined,
    tools: "false",
    root: "host",
    // A list of destinations was stated, and stands in the place of a mode.
    network: job.network === "allow" ? undefined : job.network,
    seccomp: job.seccomp,
    terminal: "false",
    graceMs: formatDuration(job.limits.graceMs),
    memoryBytes: memoryBytes === undefined ? undefined : formatBytes(memoryBytes),
    pids: pids?.toString(),
    strict: "false",
    prefer: job.demands.prefer,
  };
}

/** All origins in the order of the flags, with those of what was not stated. */
export function withDefaultOrigins(stated: readonly Origin[], job: Job): Origin[] {
  const values = defaultValues(job);
  const command = stated.filter(({ field }) => field === "command");
  const settings = settingKeys.flatMap((key): Origin[] => {
    const { flag, fields } = jobFields[key];
    const own = stated.filter((origin) => origin.flag === flag);
    const value = values[key];
    if (own.length > 0 || value === undefined) return own;
    return [{ from: "default", flag, field: fields[0] ?? key, value }];
  });
  return [...command, ...settings];
}
