/** Processes that an attack left behind: found by the program that they execute, and ended. */
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { errnoOf } from "../host/errno-of.ts";
import { namesIn } from "../host/names-in.ts";
import type { Hit } from "./canaries/hit.ts";

function executableOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc_pid_stat(5): behind the name, which may hold anything but ends at the last parenthesis, state and parent.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch (error) {
    errnoOf(error);
    return -1;
  }
}

/** The processes that have this one as their parent now. */
export function childrenOf(pid: number): number[] {
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    errnoOf(error);
  }
}

function findLeftovers(program: string): string[] {
  const pids = namesIn("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => executableOf(pid).startsWith(program));
}

/** Whoever waits for a sandbox may be told of its end while the kernel is still ending what was in it. */
const patienceMs = 1000;
const lookEveryMs = 20;

/**
 * Ends every process that executes `program`; each is a hit. A sandbox's own view of the path is the same. Inside of one
 * they have a second to be gone.
 */
export async function endLeftovers(program: string, isInside: boolean): Promise<Hit[]> {
  const until = performance.now() + (isInside ? patienceMs : 0);
  let pids = findLeftovers(program);
  while (pids.length > 0 && performance.now() < until) {
    await pause(lookEveryMs);
    pids = findLeftovers(program);
  }
  return pids.map((pid) => {
    const hit = { canary: "process", text: `process ${pid} (${nameOf(pid)}) outlived the job` };
    end(Number(pid));
    return hit;
  });
}
