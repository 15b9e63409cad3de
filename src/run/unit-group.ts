/**
 * The control group of a service of systemd's. systemd (257) forgets a service that is stopped while it is being started
 * before all of that has ended, and then nobody takes its empty group away.
 */
import { rmdirSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { SystemdManager } from "../launch/systemd-words.ts";

/** Where it is, with version 2 alone: in the slice that services are in that are told of none (systemd.special(7)). Pure. */
export function unitGroup(manager: SystemdManager, uid: number, unit: string): string {
  const users = `user.slice/user-${uid}.slice/user@${uid}.service/app.slice`;
  return `/sys/fs/cgroup/${manager === "system" ? "system.slice" : users}/${unit}`;
}

/** Of a process that was killed its group knows for a moment longer than whoever waited for it. */
const [attempts, pauseMs] = [20, 5];

function remove(path: string): string | undefined {
  try {
    rmdirSync(path);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

/** Takes it away where it is still there, and nothing in it: nearly always it is gone. */
export function removeUnitGroup(path: string): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  for (let left = attempts; left > 0 && remove(path) === "EBUSY"; left--) Atomics.wait(nothing, 0, 0, pauseMs);
}
