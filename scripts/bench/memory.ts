/** What an idle sandbox weighs: PSS of every process of it that is not the job. */
import type { Contestant, JobCommand } from "./contestant.ts";
import { driverCommand, type DriverContext } from "./driver.ts";
import { findAncestors, findDescendants, listProcesses, readPidNamespace, readPss, type Process } from "./processes.ts";
import type { Memory } from "./report.ts";

const settleMs = 300;
const startDeadlineMs = 10_000;
const pollMs = 20;

/** A number of seconds that nobody else sleeps for, so that the job can be told from all others. */
function sleepingJob(): JobCommand {
  return ["/bin/sleep", `120.${process.pid}${Math.floor(Math.random() * 1e6)}`];
}

function isJob(job: JobCommand, { words }: Process): boolean {
  return words.length === job.length && words.every((word, index) => word === job[index]);
}

async function waitForJob(job: JobCommand): Promise<Process | undefined> {
  const deadline = performance.now() + startDeadlineMs;
  while (performance.now() < deadline) {
    const found = listProcesses().find((candidate) => isJob(job, candidate));
    if (found !== undefined) return found;
    await Bun.sleep(pollMs);
  }
  return undefined;
}

/** What started the job and what it started on the way; the driver and whoever runs it are not part of the sandbox. */
function findSandbox(job: Process, driver: string): Process[] {
  const processes = listProcesses();
  const drivers = new Set(processes.filter(({ words }) => words[0] === driver).map(({ pid }) => pid));
  drivers.add(process.pid);
  const ancestors = findAncestors(processes, job.pid, drivers);
  const started = [...drivers].flatMap((pid) => (pid === process.pid ? [] : findDescendants(processes, pid)));
  const all = new Map([...ancestors, ...started].map((found) => [found.pid, found]));
  for (const pid of [...drivers, job.pid]) all.delete(pid);
  return [...all.values()];
}

function weigh(job: Process, sandbox: readonly Process[]): Memory {
  const inside = readPidNamespace(job.pid);
  const host = readPidNamespace(process.pid);
  let [insideKib, aroundKib] = [0, 0];
  for (const { pid, words } of sandbox) {
    const pss = readPss(pid);
    const namespace = readPidNamespace(pid);
    if (pss === undefined || namespace === undefined) {
      return { kind: "not-measured", reason: `the kernel does not show the memory of ${words[0] ?? "a process"}` };
    }
    if (namespace === inside && namespace !== host) insideKib += pss;
    else aroundKib += pss;
  }
  return { kind: "measured", insideKib, aroundKib, processes: sandbox.length };
}

/** Starts a sleeping job in the sandbox, weighs what is around it, and ends it. */
export async function measureMemory(context: DriverContext, contestant: Contestant): Promise<Memory> {
  const job = sleepingJob();
  const once = { count: 1, warmUp: 0, parallel: 1 };
  const child = Bun.spawn(driverCommand(context.driver, contestant.work(job), once), {
    cwd: context.directory,
    env: { ...context.environment },
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    const sleeper = await waitForJob(job);
    if (sleeper === undefined) return { kind: "not-measured", reason: "its job is no process of this kernel's" };
    await Bun.sleep(settleMs);
    return weigh(sleeper, findSandbox(sleeper, context.driver));
  } finally {
    endAll(child.pid, job, context.driver);
    await child.exited;
  }
}

/** The job's end is the sandbox's; where it cannot be seen, what runs it is told to stop. */
function endAll(driverPid: number, job: JobCommand, driver: string): void {
  const processes = listProcesses();
  const sleeper = processes.find((candidate) => isJob(job, candidate));
  if (sleeper !== undefined) return signal(sleeper.pid, "SIGKILL");
  const started = findDescendants(processes, driverPid).filter(({ words }) => words[0] !== driver);
  for (const { pid } of started) signal(pid, "SIGTERM");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
