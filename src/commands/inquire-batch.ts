/** What all jobs of a batch are asked for together, and what none of them can have. */
import type { Host } from "../host/host.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { CupelError } from "../model/error.ts";
import { statedAs, statesSecrets, type JobRequest } from "../run/job-request.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { prepareJob, type Inquiry } from "./prepare-job.ts";
import { requestJob } from "./request-job.ts";

/** @throws CupelError `usage` for words of the command line that a batch has no use for. */
export function refuseTogether({ flags, operands }: CommandLine): void {
  if (operands.length > 0)
    throw new CupelError("usage", `--batch takes its commands from a file; leave ${JSON.stringify(operands[0])} out`);
  for (const name of ["result", "tty", "job", "explain-denials", "keep-output"])
    if (flags.has(name)) throw new CupelError("usage", `--batch and --${name} do not go together; leave one out`);
}

/** The first thing that was stated and that its jobs cannot have, and what to do about it. */
function findClash(request: JobRequest): string | undefined {
  const { artifacts, allowedHosts, publish } = request;
  const beside = (place: string): string => `${place} and --batch do not go together`;
  if (request.terminal !== "none") return `${beside(statedAs(request, "tty"))}; leave one out`;
  if (request.workspace === "cow") return `${beside(`${statedAs(request, "workspace")} cow`)}; take ro, rw or none`;
  if (artifacts.length > 0)
    return `${beside(statedAs(request, "artifact", artifacts[0]))}: its jobs leave no artifacts; leave one out`;
  if (allowedHosts.length > 0)
    return `${beside(statedAs(request, "allow-host", allowedHosts[0]))}: a batch has no proxy; leave one out`;
  if (request.setup !== undefined)
    return `${beside(statedAs(request, "setup"))}: jobs of a batch share nothing; leave one out`;
  if (publish.length > 0)
    return `${beside(statedAs(request, "publish", publish[0]))}: which job would it lead to? Leave one out`;
  if (statesSecrets(request)) return `${beside("secrets")}: its jobs share what they are given; leave one out`;
  return undefined;
}

/** Any command: each line brings its own. */
const placeholder = ["true"];

/** The job that all lines have in common. @throws CupelError `usage` where it asks for what a batch has not. */
export async function inquireBatch(line: CommandLine, host: Host): Promise<Inquiry> {
  const directories = stateDirectories(host);
  const request = await requestJob({ ...line, operands: placeholder }, host);
  const clash = findClash(request);
  if (clash !== undefined) throw new CupelError("usage", clash);
  const job = await prepareJob(request, host, directories, true);
  return { job, host, directories };
}
