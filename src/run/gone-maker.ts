/** Whether whoever made something may still be at work on it. */
import { errnoOf } from "../host/errno-of.ts";
import { noPart, ownPlace, partLength, type Maker } from "./maker.ts";

/** Of what `makerWords` found. */
export function makerFrom([, pid, place]: RegExpExecArray): Maker {
  return { pid: Number(pid), place: place ?? "" };
}

/** Whether there is such a process, as far as this PID namespace shows. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/**
 * Whether it certainly is no more: a process of this place that has ended, or one of this machine before it was booted.
 * Of all others nothing can be told from here.
 */
export function isGone({ pid, place }: Maker, own: string = ownPlace()): boolean {
  if (place === own) return !isRunning(pid);
  const [machine, ownMachine] = [place, own].map((one) => one.slice(0, partLength));
  const [boot, ownBoot] = [place, own].map((one) => one.slice(partLength, 2 * partLength));
  return machine === ownMachine && machine !== noPart && boot !== ownBoot;
}

/** Who it is, for people. */
export function describeMaker({ pid, place }: Maker): string {
  return place === ownPlace() ? `process ${pid}` : `process ${pid} of another machine or PID namespace`;
}
