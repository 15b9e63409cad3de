/** What is asked for: by flags alone on most runs, and by files where there are any. */
import type { Host } from "../host/host.ts";
import type { Origin } from "../model/origin.ts";
import type { JobRequest } from "../run/job-request.ts";
import type { LayeredRequest } from "../run/layered-request.ts";
import { findSettingsFiles, type SettingsFiles } from "../run/settings-files.ts";
import { jobFromFlags } from "./job-from-flags.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { say } from "./terminal.ts";

/** The request with all that it comes from. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export async function requestWithOrigins({ flags, operands }: CommandLine, host: Host): Promise<LayeredRequest> {
  return readLayers({ flags, operands }, findSettingsFiles(host), host);
}

async function readLayers({ flags, operands }: CommandLine, files: SettingsFiles, host: Host): Promise<LayeredRequest> {
  const { readLayeredRequest } = await import("../run/layered-request.ts");
  return readLayeredRequest({ ...files, flags, words: operands, job: flags.get("job")?.at(-1) }, host);
}

/** Said before the job: what a project asks for in vain. */
async function announceLeftOut(leftOut: readonly Origin[]): Promise<void> {
  if (leftOut.length === 0) return;
  const { describeLeftOut } = await import("../report/origin-words.ts");
  say(describeLeftOut(leftOut));
}

/** Those that give names a value, each name once. */
const namedFlags = ["tmpfs", "file", "env", "secret", "secret-fd"];

/** The request. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export async function requestJob(line: CommandLine, host: Host): Promise<JobRequest> {
  const files = findSettingsFiles(host);
  const isPlain = files.project === undefined && files.user === undefined && !line.flags.has("job");
  if (isPlain) {
    if (namedFlags.some((flag) => (line.flags.get(flag)?.length ?? 0) > 1))
      (await import("../run/statements.ts")).statementsOfFlags(line.flags);
    return jobFromFlags(line);
  }
  const { request, leftOut } = await readLayers(line, files, host);
  await announceLeftOut(leftOut);
  return request;
}
