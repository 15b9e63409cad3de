/** What cupel could leave behind on a machine. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isAlive, listProcesses } from "./processes.ts";
import { until } from "./until.ts";

/** Whether a name that a cupel gave tells of one that is still at work, whose number is in it. */
function isInUse(name: string): boolean {
  return [...name.matchAll(/-(\d+)(?=-)/g)].some(([, pid]) => isAlive(Number(pid)));
}

/** Control groups that cupels made which have ended. */
export function cupelControlGroups(): string[] {
  const roots = readFileSync("/proc/self/mountinfo", "utf8").matchAll(/^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2? /gm);
  const below = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [`${directory}/${name}`, ...below(`${directory}/${name}`)]);
  return [...roots]
    .flatMap(([, root = "/"]) => below(root))
    .filter((path) => {
      const [, name] = /\/(cupel-[^/]*)$/.exec(path) ?? [];
      // Those of daemons that tests start are theirs.
      return name !== undefined && !name.startsWith("cupel-test-") && !isInUse(name);
    });
}

/** Temporary files of cupels that have ended: tests and hosts of the lab that run meanwhile have theirs. */
export function temporaryFiles(): string[] {
  return readdirSync("/tmp").filter(
    (name) => name.startsWith("cupel") && !/^cupel-(test|condition|host)-/.test(name) && !isInUse(name),
  );
}

/**
 * Another cupel may be at work on this machine, or be killed there and its traces be taken away by the next one, so what is
 * there for a moment is not what was left.
 */
export async function noneBut(before: readonly string[], list: () => string[]): Promise<void> {
  const find = (): string[] => list().filter((name) => !before.includes(name));
  await until("what the run made is gone", () => find().length === 0, 15_000).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${find().join(", ")}`);
  });
}

/** All mounts here (proc_pid_mountinfo(5)): crun, called by root, has one for a moment, whoever's doctor asks for it. */
export function mountLines(): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
}

/** Processes whose program lies in this directory: helpers of a cupel with this state. */
export function processesFrom(directory: string): number[] {
  return listProcesses().filter((pid) => programOf(pid).startsWith(`${directory}/`));
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    // It has ended since it was listed, or is the kernel's.
    return "";
  }
}

/** Shared memory segments, semaphores and queues (sysvipc(7)), without what counts their use. */
export function sharedObjects(): string[] {
  const kinds = ["shm", "sem", "msg"];
  return kinds.flatMap((kind) => {
    const [, ...lines] = readFileSync(`/proc/sysvipc/${kind}`, "utf8").trimEnd().split("\n");
    return lines.map((line) => `${kind} ${line.trim().split(/\s+/).slice(0, 2).join(" ")}`);
  });
}
