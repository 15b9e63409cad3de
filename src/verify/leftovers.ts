/** Processes that an attack left behind: found by the program that they execute, and ended. */
import { readFileSync, readlinkSync } from "node:fs";
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

/** Ends every process that executes `program`; each is a hit. A sandbox's own view of the path is the same. */
export function endLeftovers(program: string): Hit[] {
  const pids = namesIn("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => executableOf(pid).startsWith(program))
    .map((pid) => {
      const hit = { canary: "process", text: `process ${pid} (${nameOf(pid)}) outlived the job` };
      end(Number(pid));
      return hit;
    });
}
