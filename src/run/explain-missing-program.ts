/** Why a program was not found inside though the caller can run it: the difference is a grant. */
import type { Host } from "../host/host.ts";
import type { Job } from "../model/job.ts";

/** One line for stderr. */
export function explainMissingProgram(job: Job, host: Host): string {
  const [name] = job.command;
  const outside = name.includes("/") ? absoluteProgram(name, job, host) : host.findPrograms(name)[0];
  if (outside === undefined) return `${name}: command not found`;
  const isVisible = ["/usr/", "/bin/", "/sbin/"].some((directory) => outside.startsWith(directory));
  if (isVisible) return `${name}: found at ${outside}, but its interpreter or loader is not there`;
  const grant = name.includes("/") ? `--read ${directoryOf(outside)}` : `--tools (or --read ${directoryOf(outside)})`;
  return `${name}: not found in the sandbox; it is at ${outside}, which is not granted; add ${grant}`;
}

function absoluteProgram(name: string, job: Job, host: Host): string | undefined {
  const path = name.startsWith("/") ? name : `${job.directory}/${name}`;
  return host.status(path).ok ? path : undefined;
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
