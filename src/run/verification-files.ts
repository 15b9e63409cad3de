/** Where a verification plants files, how their directories are named, and how they are taken away again. */
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { closeTree } from "../host/close-tree.ts";
import { errnoOf } from "../host/errno-of.ts";
import { namesIn } from "../host/names-in.ts";
import type { Removal } from "../model/removal.ts";
import { leftoverAgeMs } from "../report/saved-report.ts";
import { isRunning } from "./gone-maker.ts";
import { parseMountPoints } from "../host/mount-points.ts";
import { removeEntry, type RemovalContext } from "./removal.ts";

/** Directories that hold canaries: one for temporary files, others that everyone can write to, and the caller's home. */
export function verificationPlaces(home: string | undefined): string[] {
  const homes = home === undefined || home === "/" ? [] : [home];
  return [...new Set([tmpdir(), "/var/tmp", "/dev/shm", ...homes])];
}

/** A process's number says nothing in another PID namespace (pid_namespaces(7)); 0 where it cannot be told. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch (error) {
    errnoOf(error);
    return "0";
  }
}

/** What the names of this process's directories begin with; mkdtemp(3) adds six characters. */
export function verificationDirectoryStart(): string {
  return `cupel-verify-${pidNamespace()}-${process.pid}-`;
}

/** The process that made a directory of this name, in this PID namespace; undefined for every other name. */
function makerOf(name: string): number | undefined {
  const [, namespace, pid] = /^cupel-verify-(\d+)-(\d+)-[A-Za-z0-9]{6}$/.exec(name) ?? [];
  return namespace === pidNamespace() ? Number(pid) : undefined;
}

/** Nothing is removed but files: below a mount lies what is somebody's. */
export function removalNow(): RemovalContext {
  return { dryRun: false, mountPoints: parseMountPoints(readFileSync("/proc/self/mountinfo", "utf8")) };
}

/** Removes one such directory, whoever has put something into it. */
export function removeVerificationFiles(path: string, uid: number, context: RemovalContext): Removal[] {
  const isMounted = context.mountPoints.some((point) => point === path || point.startsWith(`${path}/`));
  try {
    if (!context.dryRun && !isMounted) closeTree(path, uid);
  } catch (error) {
    const errno = errnoOf(error);
    return errno === "ENOENT" ? [] : [{ result: "failed", path, reason: errno }];
  }
  return removeEntry(path, "files of a verification that was killed", context);
}

/** What an attack made and had not removed yet: its mark tells of no process, but none goes on for so long. */
const attackName = /^cupel-attack-[A-G]\d\d-[0-9a-f]{8}/;

/** Why it is somebody's who is at work; undefined where it is not, or where the name is none of a verification's. */
function findUser(name: string, modifiedMs: number): string | undefined {
  const maker = makerOf(name);
  if (maker !== undefined && maker !== process.pid && isRunning(maker)) return `process ${maker} is at work with it`;
  const isYoung = Date.now() - modifiedMs < leftoverAgeMs;
  return maker === undefined && isYoung ? "an attack may be under way" : undefined;
}

function cleanOne(path: string, name: string, uid: number, context: RemovalContext): Removal[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.uid !== uid) return [];
  const reason = findUser(name, stats.mtimeMs);
  return reason === undefined ? removeVerificationFiles(path, uid, context) : [{ result: "left", path, reason }];
}

/** Directories of this user's whose verification was killed. */
export function abandonedVerifications(places: readonly string[], uid: number): string[] {
  const paths = places.flatMap((place) =>
    namesIn(place).flatMap((name) => {
      const maker = makerOf(name);
      return maker === undefined || isRunning(maker) ? [] : [`${place}/${name}`];
    }),
  );
  return paths.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.uid === uid);
}

/** Removes those of verifications that were killed. */
export function cleanVerifications(places: readonly string[], uid: number, context: RemovalContext): Removal[] {
  return places.flatMap((place) => {
    const names = namesIn(place).filter((name) => makerOf(name) !== undefined || attackName.test(name));
    return names.sort().flatMap((name) => cleanOne(`${place}/${name}`, name, uid, context));
  });
}
