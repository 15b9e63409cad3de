/** Processes as /proc shows them, as far as an idle sandbox is weighed by them. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One process. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: readonly string[];
}

/** A file of /proc; undefined where the process is gone or not ours to read. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** proc_pid_stat(5): the parent is the second field behind the name, which may hold anything. Pure. */
export function parseParent(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** The line `Pss:` of smaps_rollup, in KiB (proc_pid_smaps(5)). Pure. */
export function parsePss(rollup: string): number | undefined {
  const found = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** All that run now. */
export function listProcesses(): Process[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const [stat, line] = [readProc(`/proc/${pid}/stat`), readProc(`/proc/${pid}/cmdline`)];
    if (stat === undefined || line === undefined) return [];
    return [{ pid: Number(pid), parent: parseParent(stat), words: line.split("\0").slice(0, -1) }];
  });
}

/** PSS in KiB; undefined where the kernel does not let us look. */
export function readPss(pid: number): number | undefined {
  return parsePss(readProc(`/proc/${pid}/smaps_rollup`) ?? "");
}

/** The PID namespace, as a name; undefined where the kernel does not let us look. */
export function readPidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** `pid` and everything that descends from it. Pure. */
export function findDescendants(processes: readonly Process[], pid: number): Process[] {
  const own = processes.filter((process) => process.pid === pid);
  const children = processes.filter(({ parent }) => parent === pid);
  return [...own, ...children.flatMap((child) => findDescendants(processes, child.pid))];
}

/** The parents of `pid`, nearest first, up to the first process or one of `until`. Pure. */
export function findAncestors(processes: readonly Process[], pid: number, until: ReadonlySet<number>): Process[] {
  const parent = processes.find((process) => process.pid === pid)?.parent ?? 0;
  const found = processes.find((process) => process.pid === parent);
  if (found === undefined || parent <= 1 || until.has(parent)) return [];
  return [found, ...findAncestors(processes, parent, until)];
}
