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
