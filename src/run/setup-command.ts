/** What runs before a job's command, and where that has no meaning. */
import { CupelError } from "../model/error.ts";
import type { Setup } from "../model/job.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { parseDestinationRule } from "./network/destination-rule.ts";
import { parseSetupCommand } from "./parse-setup-command.ts";

function obstacleOf({ network, seccomp, allowedHosts }: JobRequest): string | undefined {
  if (seccomp === "strict") return "the seccomp profile strict lets it make no socket";
  if (allowedHosts.length > 0 || network === "none") return undefined;
  return `its network is stated as ${network}, which holds for the whole job`;
}

/** The set-up command of a request that has one, or a list for one. @throws CupelError `usage`. */
export function resolveSetup(request: JobRequest): Setup {
  const { setup, setupAllowedHosts } = request;
  for (const text of setupAllowedHosts) parseDestinationRule(text, statedAs(request, "setup-allow-host", text));
  const place = statedAs(request, "setup-allow-host", setupAllowedHosts[0]);
  if (setup === undefined)
    throw new CupelError("usage", `${place} is about a set-up command; give --setup, too, or leave it out`);
  const command = parseSetupCommand(setup, statedAs(request, "setup"));
  const obstacle = setupAllowedHosts.length > 0 ? obstacleOf(request) : undefined;
  if (obstacle !== undefined)
    throw new CupelError(
      "usage",
      `${place} lists what the set-up command may connect to, and ${obstacle}; leave one out`,
    );
  if (request.terminal !== "none") {
    throw new CupelError(
      "usage",
      `${statedAs(request, "setup")} and ${statedAs(request, "tty")} do not go together: a terminal ends with the first command on it; leave one out`,
    );
  }
  return { command, allowedHosts: [...new Set(setupAllowedHosts)] };
}
