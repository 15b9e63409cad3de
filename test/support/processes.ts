/** Processes of this machine as /proc shows them: those of a sandbox too, by their numbers outside. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One process. */
export interface FoundProcess {
  readonly pid: number;
  /** Its command line. */
  readonly words: readonly string[];
}

/** A number of seconds to sleep that no other process has: `sleep` with it is found by {@link findProcesses}. */
export function freshMark(): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte % 10).join("");
  return `1000.${digits}1`;
}

/** A file of /proc; empty where it is not there (any more). */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended since it was listed.
    return "";
  }
}

/** Ids of all processes. */
export function listProcesses(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Processes with `mark` as one whole word of their command line; what has ended and waits for its parent has none. */
export function findProcesses(mark: string): FoundProcess[] {
  return listProcesses()
    .map((pid) => ({ pid, words: readIfThere(`/proc/${pid}/cmdline`).split("\0") }))
    .filter(({ words }) => words.includes(mark));
}

/** A line of /proc/PID/status (proc_pid_status(5)). */
export function statusField(pid: number, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "m").exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? "";
}

/** Whether a process still is one: what has ended and waits for its parent to hear of it is not. */
export function isAlive(pid: number): boolean {
  const state = statusField(pid, "State");
  return state !== "" && !/^[ZX]/.test(state);
}

/** Threads of a process; none where it is not there (any more). */
function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended since it was listed.
    return [];
  }
}

/** Which PID namespace a process is in (namespaces(7)); empty where it is not there, or not ours to see. */
function pidNamespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return "";
  }
}

/**
 * Processes of a run of cupel's: those below it, and whatever shares a PID namespace with one that has the mark, which a
 * daemon may have started.
 */
export function processesOfRun(pid: number, mark: string): number[] {
  const own = new Set(["", pidNamespaceOf(process.pid)]);
  const places = new Set(findProcesses(mark).map((found) => pidNamespaceOf(found.pid)));
  const inside = listProcesses().filter((one) => {
    const place = pidNamespaceOf(one);
    return places.has(place) && !own.has(place);
  });
  return [...new Set([...childrenOf(pid), ...inside])];
}

/** Process ids below `pid`, nearest first: whichever of its threads started them. */
export function childrenOf(pid: number): number[] {
  const own = threadsOf(pid)
    .flatMap((thread) => readIfThere(`/proc/${pid}/task/${thread}/children`).split(" "))
    .filter((word) => word !== "")
    .map(Number);
  return [...own, ...own.flatMap(childrenOf)];
}
