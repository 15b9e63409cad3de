/** `cupel plan`: what `run` would do. */
import { stateDirectories } from "../host/private-directory.ts";
import { createRealHost } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import { renderJson } from "../report/render-json.ts";
import { renderPlan } from "../report/render-plan.ts";
import { withDefaultOrigins } from "../run/default-origins.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { choose, matrixOf, obtainReport, prepareJob } from "./prepare-job.ts";
import { describeRefused, judgedStrategies } from "./refuse.ts";
import { requestWithOrigins } from "./request-job.ts";
import { styleOf } from "./style-of.ts";
import { writeErrors, writeOutput } from "./terminal.ts";

const refusedExitCode = 125;

/** What is written in the place of the plan for people. */
const documents = { shell: "a script", json: "a plan", "oci-seccomp": "a seccomp profile" } as const;

function refuseSeveral({ flags }: CommandLine): void {
  const [first, second] = Object.entries(documents).filter(([name]) => flags.has(name));
  if (first === undefined || second === undefined) return;
  const both = `--${first[0]} writes ${first[1]}, and --${second[0]} ${second[1]}`;
  throw new CupelError("usage", `${both}; leave one of them out`);
}

/** Runs it; gives the exit code. @throws CupelError `usage`. */
export async function plan(line: CommandLine): Promise<number> {
  refuseSeveral(line);
  const host = createRealHost();
  const directories = stateDirectories(host);
  const { request, leftOut } = await requestWithOrigins(line, host);
  const job = await prepareJob(request, host, directories);
  const origins = withDefaultOrigins(request.origins ?? [], job);
  const inquiry = { job, host, directories };
  const found = await obtainReport(inquiry, line.flags.has("fresh"));
  const { knowledge, selection, plan: chosen } = await choose(inquiry, found);
  const report = knowledge.report ?? found.report ?? found.saved;
  const style = styleOf(1);
  if (line.flags.has("shell") && chosen !== undefined) {
    const { shellOf } = await import("./plan-shell.ts");
    writeOutput(shellOf(chosen, job, host, style));
  } else if (line.flags.has("oci-seccomp")) {
    const { ociSeccompOf } = await import("./plan-oci-seccomp.ts");
    // What reads it reads nothing else.
    if (chosen !== undefined) writeOutput(ociSeccompOf(chosen, host));
  } else if (line.flags.has("json")) {
    writeOutput(renderJson({ job, origins, leftOut, selection, plan: chosen ?? null, report: report.id }));
  } else {
    const matrix = matrixOf(report.capabilities);
    const strategies = judgedStrategies(job, report);
    writeOutput(renderPlan({ job, selection, plan: chosen, matrix, strategies, origins, leftOut }, style));
  }
  if (chosen !== undefined) return 0;
  writeErrors(describeRefused(job, selection, report, styleOf(2)).text);
  return refusedExitCode;
}
