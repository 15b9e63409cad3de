/** What became of a limit that the prober ran into, in a control group of its own making. */
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import type { Place } from "./_control-group-places.ts";
import { finding } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, valueAt, type Reading } from "./_steps.ts";

/** Controllers whose limits cupel uses. */
export type Controller = "pids" | "memory" | "cpu";

const signalKill = 9;

/** How each limit shows that it holds, and in which words. */
const signs = {
  pids: {
    stopped: "fork with a cap of 8 processes (children)",
    events: "forks refused, by pids.events",
    summary: "fork is refused at the cap, and counted as the group's doing",
    holds: (reading: Reading) => errnoAt(reading, "stopped") === "EAGAIN",
  },
  memory: {
    stopped: "touch 64 MiB with a cap of 16 (bytes touched)",
    events: "processes killed for want of memory",
    summary: "a process over the cap is killed, and counted as the group's doing",
    holds: (reading: Reading) => valueAt(reading, "ended") === signalKill,
  },
  cpu: {
    stopped: "spin",
    events: "periods in which the group was throttled, by cpu.stat",
    summary: "a group over its share is throttled, and counted as such",
    holds: () => true,
  },
} as const;

/** The finding; its value is the directory in which a job's group can be made. */
export function judgeLimit(reading: Reading, controller: Controller, place: Place): Finding {
  const sign = signs[controller];
  const evidence = collectEvidence(reading, controller, place);
  const stopped = ["create", "limit", "enter"].find((step) => (errnoAt(reading, step) ?? "ok") !== "ok");
  if (stopped !== undefined) return denied(errnoAt(reading, stopped) ?? "", stopped, place, evidence);
  if (reading.trouble !== undefined || errnoAt(reading, "ended") === undefined) {
    return { ...notEstablished(reading, `the ${controller} limit`), evidence };
  }
  if (sign.holds(reading) && (valueAt(reading, "events") ?? 0) > 0) {
    return finding({ state: "works", level: "enforced", summary: sign.summary, evidence, value: place.directory });
  }
  return finding({ state: "broken", level: "exercised", summary: "the limit was set, but it does not hold", evidence });
}

function collectEvidence(reading: Reading, controller: Controller, place: Place): Evidence[] {
  const evidence = evidenceOf(reading, {
    create: `make a group in ${place.directory}`,
    limit: "write its limit",
    enter: "move a process into it",
    stopped: signs[controller].stopped,
    events: signs[controller].events,
    remove: "remove the group",
  });
  const stopped = reading.steps.get("stopped");
  if (stopped === undefined || stopped.errno === "ok") return evidence;
  // What stops a fork is an errno, and how far it came is the point.
  return evidence.map((item) =>
    item.action === signs[controller].stopped ? { ...item, result: `${stopped.errno} after ${stopped.value}` } : item,
  );
}

function denied(errno: string, step: string, place: Place, evidence: readonly Evidence[]): Finding {
  const blocker = explainDenied(errno, step, place);
  return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
}

/**
 * Why a group cannot be made or used in a place. Version 1 knows no safe delegation (systemd's CGROUP_DELEGATION): there,
 * what is root's stays root's. So does the scope of a login session; scopes of a user's own manager are the user's.
 */
export function explainDenied(errno: string, step: string, { directory, version }: Place): Blocker {
  if (errno === "EROFS") return { code: "cgroup-delegation", detail: `${directory} is mounted read-only` };
  if (step === "create" && errno === "ENOENT") {
    return { code: "outer-container", detail: `${directory} is not to be seen here (ENOENT)` };
  }
  if (step === "limit" && errno === "ENOENT") {
    return { code: "cgroup-delegation", detail: `the controller is not handed to groups in ${directory}` };
  }
  const detail = `${directory} is not writable for this user (${errno} at ${step})`;
  if (version === "v1") {
    return { code: "cgroup-version", detail: `${detail}; version 1 of control groups is not handed to users` };
  }
  const isSession = /\/session-[^/]+\.scope$/.test(directory);
  return {
    code: "cgroup-delegation",
    detail: isSession ? `${detail}; a login session's scope is root's, one of the user's own manager is not` : detail,
  };
}
