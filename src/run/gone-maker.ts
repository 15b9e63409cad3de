/** Whether whoever made something may still be at work on it. */
import { lstatSync, readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { noPart, ownPlace, partLength, type Maker } from "./maker.ts";

/** Of what `makerWords` found. */
export function makerFrom([, pid, place]: RegExpExecArray): Maker {
  return { pid: Number(pid), place: place ?? "" };
}

/**
 * Whether there is such a process, as far as this PID namespace shows. One that has ended stays until its parent asks for
 * it (proc_pid_stat(5), Z and X); cupel's end with all of their threads.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/** When this machine was booted, as far as its clock tells (proc_uptime(5)); never where that cannot be read. */
function bootedAtMs(): number {
  try {
    return Date.now() - Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * 1000;
  } catch (error) {
    errnoOf(error);
    return -Infinity;
  }
}

function partsOf(place: string): [machine: string, boot: string] {
  return [place.slice(0, partLength), place.slice(partLength, 2 * partLength)];
}

/** Made on this machine in an earlier boot; two that have one id, as copies have, tell by when it was changed last. */
function isOfEarlierBoot(place: string, own: string, changedMs: number): boolean {
  const [machine, boot] = partsOf(place);
  const [ownMachine, ownBoot] = partsOf(own);
  if ([machine, boot, ownBoot].includes(noPart) || machine !== ownMachine || boot === ownBoot) return false;
  return changedMs < bootedAtMs();
}

/**
 * Whether it is no more: a process of this place that has ended, or one of this machine in an earlier boot. Of all others
 * nothing can be told from here. `changedMs`: when what it made was changed last.
 */
export function isGone({ pid, place }: Maker, changedMs: number, own: string = ownPlace()): boolean {
  return place === own ? !isRunning(pid) : isOfEarlierBoot(place, own, changedMs);
}

/** The same of what lies at `path`; true of what is not there. */
export function isLeft(maker: Maker, path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined || isGone(maker, Math.max(stats.mtimeMs, stats.ctimeMs));
}

/** Who it is, for people. */
export function describeMaker({ pid, place }: Maker): string {
  return place === ownPlace() ? `process ${pid}` : `process ${pid} of another machine or PID namespace`;
}
