/** Control groups: which version is mounted, where cupel is in it, and which limits hold for a group of a job's own. */
import type { OwnScope } from "../launch/own-scope.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { judgeLimit, type Controller } from "./_control-group-limits.ts";
import {
  candidatePlaces,
  findUnified,
  readControlGroupPlaces,
  type ControlGroupPlaces,
  type Place,
} from "./_control-group-places.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { readSteps } from "./_steps.ts";
import { withoutPlace } from "./_control-group-missing.ts";

const ids = ["cgroup.mode", "cgroup.pids", "cgroup.memory", "cgroup.cpu"] as const;

/** Groups above the own one that are tried: what four cannot give is not delegated. */
const placesTried = 4;

async function run(context: ProbeContext) {
  const places = readControlGroupPlaces(context.host);
  const [pids, memory, cpu] = await Promise.all([
    probeController(context, places, "pids"),
    probeController(context, places, "memory"),
    probeController(context, places, "cpu"),
  ]);
  return {
    "cgroup.mode": judgeMode(places, context.ownScope),
    "cgroup.pids": pids,
    "cgroup.memory": memory,
    "cgroup.cpu": cpu,
  };
}

const modeSummaries = {
  v1: "version 1",
  hybrid: "versions 1 and 2 side by side; the limits below are those of version 1 where it has the controller",
  v2: "version 2",
  none: "none is mounted",
} as const;

/** How cupel came to be where it is. */
function describeMove(ownScope: OwnScope | undefined): Evidence[] {
  if (ownScope === undefined) return [];
  const result = ownScope.status === "entered" ? `moved to ${ownScope.unit}` : ownScope.reason;
  return [{ action: `have the user's systemd manager move cupel out of ${ownScope.from}`, result }];
}

function judgeMode(places: ControlGroupPlaces, ownScope: OwnScope | undefined): Finding {
  const { mode, hierarchies } = places;
  const mounts: Evidence[] = hierarchies.map(({ version, controllers, mountPoint }) => ({
    action: `mounted at ${mountPoint}`,
    result: version === 2 ? "version 2" : `version 1: ${controllers.join(",") || "no controller"}`,
  }));
  const own: Evidence[] = [...places.own].map(([controllers, path]) => ({
    action: `own group (${controllers || "version 2"})`,
    result: path,
  }));
  const state = mode === "none" ? "absent" : "works";
  const moved =
    ownScope?.status === "entered" ? "; cupel left its login session's scope for one of the user's own manager" : "";
  return finding({
    state,
    level: "declared",
    summary: `${modeSummaries[mode]}${moved}`,
    evidence: [...(mounts.length > 0 ? mounts : [noMounts]), ...describeMove(ownScope), ...own],
    value: mode,
  });
}

/** The first place where the limit can be seen to hold; the reason of the last one where there is none. */
async function probeController(
  context: ProbeContext,
  places: ControlGroupPlaces,
  controller: Controller,
): Promise<Finding> {
  const candidates = candidatePlaces(context.host, places, controller).slice(0, placesTried);
  let last: Finding | undefined;
  for (const place of candidates) {
    last = await tryPlace(context, controller, place);
    if (last.state === "works" || last.state === "unknown") return last;
  }
  return last ?? withoutPlace(context.host, places, controller, findUnified(places));
}

const noMounts = { action: "look for control groups in /proc/self/mountinfo", result: "none" } as const;

async function tryPlace({ helpers }: ProbeContext, controller: Controller, place: Place): Promise<Finding> {
  const result = await helpers.probe("cgroup", [controller, place.version, place.directory], 5000);
  return judgeLimit(readSteps(`cgroup ${controller}`, result), controller, place);
}

/** Probe `control-groups`. */
export default defineProbe({
  id: "control-groups",
  area: "cgroups",
  capabilities: {
    "cgroup.mode": "Control groups",
    "cgroup.pids": "Process limit of a group",
    "cgroup.memory": "Memory limit of a group",
    "cgroup.cpu": "Processor limit of a group",
  },
  deadlineMs: 12_000,
  run: onLinux(ids, run),
});
