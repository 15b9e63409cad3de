/**
 * Who makes something that others see as well: a process's number says nothing on another machine that shares the
 * directory (a home by NFS), nor in another PID namespace (pid_namespaces(7)).
 */
import { readFileSync, readlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

/** A process, and where its number is its own. */
export interface Maker {
  readonly pid: number;
  /** See {@link ownPlace}. */
  readonly place: string;
}

/** As it stands in a name: the number, and three times eight digits. */
export const makerWords = String.raw`(\d+)-([0-9a-f]{24})`;

const partLength = 8;
const none = "0".repeat(partLength);

/** The first digits of what a file holds; none where it cannot be read, or holds something else. */
function digitsOf(read: () => string): string {
  try {
    return /^[0-9a-f]{8}/.exec(read())?.[0] ?? none;
  } catch (error) {
    errnoOf(error);
    return none;
  }
}

function namespaceDigits(): string {
  const inode = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
  return Number(inode).toString(16).padStart(partLength, "0");
}

let known: string | undefined;

/** The machine (machine-id(5)), its boot (/proc/sys/kernel/random/boot_id, random(4)) and the PID namespace. */
export function ownPlace(): string {
  known ??= [
    digitsOf(() => readFileSync("/etc/machine-id", "utf8")),
    digitsOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    digitsOf(namespaceDigits),
  ].join("");
  return known;
}

/** This process, as it stands in a name. */
export function ownMakerWords(): string {
  return `${process.pid}-${ownPlace()}`;
}

/** Of what {@link makerWords} found. */
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
  return machine === ownMachine && machine !== none && boot !== ownBoot;
}

/** Who it is, for people. */
export function describeMaker({ pid, place }: Maker): string {
  return place === ownPlace() ? `process ${pid}` : `process ${pid} of another machine or PID namespace`;
}
