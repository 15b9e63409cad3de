/** Why a program was not found inside though the caller can run it: most often the difference is a grant. */
import { posix } from "node:path";
import type { Host } from "../host/host.ts";
import type { Job } from "../model/job.ts";

const systemDirectories = ["/usr", "/bin", "/sbin", "/lib"];

function locate(name: string, job: Job, host: Host): string | undefined {
  if (!name.includes("/")) return host.findPrograms(name)[0];
  const path = posix.resolve(job.directory, name);
  return host.status(path).ok ? path : undefined;
}

function isVisible(path: string, { workspace, grants }: Job): boolean {
  const own = workspace.mode === "empty" ? [] : [workspace.path];
  const seen = [...systemDirectories, ...own, ...grants.map((grant) => grant.path)];
  return seen.some((directory) => path === directory || path.startsWith(`${directory}/`));
}

/** One line for stderr. */
export function explainMissingProgram(job: Job, host: Host): string {
  const [name] = job.command;
  const { root } = job.layout;
  if (root !== undefined) return `${name}: not found in the sandbox, whose root is ${root.source}`;
  const outside = locate(name, job, host);
  if (outside === undefined) return `${name}: command not found`;
  if (isVisible(outside, job)) return `${name}: ${outside} is there, but its interpreter or loader is not`;
  const grant = `--read ${posix.dirname(outside)}`;
  const flags = name.includes("/") ? grant : `--tools (or ${grant})`;
  return `${name}: not found in the sandbox; it is at ${outside}, which is not granted; add ${flags}`;
}
