/** A job request from the flags of `run` and `plan`. Pure. */
import { jobFields, readSettings } from "../run/job-fields.ts";
import { commandOf, defaultRequest, twoNetworks, type JobRequest } from "../run/job-request.ts";
import type { CommandLine } from "./parse-command-line.ts";

/** The request. @throws CupelError `usage` for a quantity that is none, or no command. */
export function jobFromFlags({ flags, operands }: CommandLine): JobRequest {
  const stated = readSettings(
    (key) => flags.get(jobFields[key].flag),
    (key) => `--${jobFields[key].flag}`,
  );
  if (flags.has(jobFields.network.flag) && flags.has(jobFields.allowedHosts.flag))
    throw twoNetworks(`--${jobFields.allowedHosts.flag}`);
  return { ...defaultRequest, ...stated, command: commandOf(operands) };
}
