/** A file for what a trial's prober says. */
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { usePrivateDirectory } from "../host/private-directory.ts";
import { CupelError } from "../model/error.ts";

/** `cupel clean` may take the directory away at any moment; then it is made again. */
const captureTries = 20;

/** More than the prober has ever said. */
const captureBytes = 64 * 1024;

/** What has no room would cut the prober's lines short, and its sandbox would be blamed for that. */
function checkRoom(descriptor: number): void {
  writeSync(descriptor, Buffer.alloc(captureBytes), 0, captureBytes, 0);
  ftruncateSync(descriptor, 0);
}

function openWithoutName(path: string): number | string {
  let descriptor: number | undefined;
  try {
    rmSync(path, { force: true });
    descriptor = openSync(path, "wx+", 0o600);
    rmSync(path, { force: true });
    checkRoom(descriptor);
    return descriptor;
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    return `${path}: ${errnoOf(error)}`;
  }
}

function openCaptureAt(directory: string, path: string, uid: number): number | string {
  const place = usePrivateDirectory(directory, uid);
  return place.ok ? openWithoutName(path) : place.reason;
}

/** Where everybody may make files, and nobody can put one in the way of a name that was never there (O_EXCL). */
const sharedDirectories = ["/dev/shm", "/tmp", "/var/tmp"];

/**
 * A file that takes the prober's lines, as any job's; without a name, so that nothing is left if cupel is killed. In one of
 * these directories, or where nobody's is fit for it in a shared one. @throws CupelError `set-up`.
 */
export function openCapture(strategy: string, directories: readonly string[], uid: number): number {
  const reasons: string[] = [];
  for (const directory of directories) {
    const path = `${directory}/trial-${strategy}-${process.pid}`;
    for (let tries = 1; tries <= captureTries; tries++) {
      const capture = openCaptureAt(directory, path, uid);
      if (typeof capture === "number") return capture;
      if (tries === captureTries || !capture.endsWith("ENOENT")) {
        reasons.push(capture);
        break;
      }
    }
  }
  for (const directory of sharedDirectories) {
    const capture = openWithoutName(`${directory}/cupel-trial-${randomBytes(8).toString("hex")}`);
    if (typeof capture === "number") return capture;
    reasons.push(capture);
  }
  throw new CupelError("set-up", `no place for a trial's output: ${reasons.join("; ")}`);
}

/** All that is in it. */
export function readFromStart(descriptor: number): string {
  const bytes = Buffer.alloc(fstatSync(descriptor).size);
  return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
}
