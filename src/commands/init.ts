/** `cupel init`: a job file to begin with. */
import { writeNewFile } from "../host/write-new-file.ts";
import { CupelError } from "../model/error.ts";
import { quoteWords } from "../report/shell-words.ts";
import { jobTemplate } from "../run/job-template.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { writeOutput } from "./terminal.ts";

const defaultPath = "job.yaml";

/** Writes it; gives the exit code. @throws CupelError `usage` where it cannot be written, or something is there. */
export function init({ operands }: CommandLine): number {
  const path = operands[0] ?? defaultPath;
  if (path === "") throw new CupelError("usage", '"" names no file; name one');
  const failure = writeNewFile(path, jobTemplate);
  if (failure === "EEXIST") {
    throw new CupelError("usage", `${path} is there already, and is left as it is; name another file`);
  }
  if (failure !== undefined) {
    throw new CupelError(
      "usage",
      `${JSON.stringify(path)} cannot be written (${failure}); name a file in a directory of yours`,
    );
  }
  // As `run` takes its operands: see descriptions-job.ts.
  const isJobFile = /\.(?:ya?ml|json)$/.test(path);
  writeOutput(`wrote ${path}; run it with cupel run ${isJobFile ? "" : "--job "}${quoteWords([path])}\n`);
  return 0;
}
