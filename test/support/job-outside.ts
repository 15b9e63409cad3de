/** What of a job is seen outside of its sandbox: its processes, or those of the kernel that it has of its own. */
import { childrenOf, findProcesses, listProcesses, readIfThere } from "./processes.ts";
import { onKernel } from "./sandbox-on-trial.ts";

/** gVisor's kernel is a process of this name. */
function isKernel(pid: number): boolean {
  return readIfThere(`/proc/${pid}/cmdline`).startsWith("runsc-sandbox\0");
}

/** Every kernel of that kind on this machine, where jobs have one: another suite's may be at work beside this one. */
export function jobsKernels(): number[] {
  return onKernel<number[], number[]>([], listProcesses().filter(isKernel));
}

/** Numbers of those that are `sleep MARK` in the run of cupel's process, by which the job is told apart from all others. */
export function jobsProcesses(mark: string, cupelPid: number): number[] {
  const own = (): number[] =>
    findProcesses(mark)
      .filter(({ words }) => words[0] === "sleep")
      .map(({ pid }) => pid);
  return onKernel(own, () => childrenOf(cupelPid).filter(isKernel))();
}
