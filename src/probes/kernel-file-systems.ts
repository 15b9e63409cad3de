/** File systems that show what a namespace holds: devices, control groups, queues and terminals of one's own. */
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { readControlGroupPlaces } from "./_control-group-places.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeExercise, placeSteps } from "./_exercise.ts";
import { withoutFileSystem } from "./_file-systems.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { listCovers } from "./_namespace-facts.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, readSteps, type Reading } from "./_steps.ts";

/** By capability: the type, how it is seen to be one's own, and what that is in one line. */
const kinds = {
  "mount.sysfs": [
    "sysfs",
    "look for lo alone in class/net",
    "mounted in a network namespace of its own, whose devices alone it shows",
  ],
  "mount.cgroup": ["cgroup2", "read cgroup.procs in it", "version 2 mounted in a control group namespace of its own"],
  "mount.mqueue": [
    "mqueue",
    "look for a queue of ours in it",
    "mounted in an IPC namespace of its own, whose queues it shows",
  ],
  "mount.devpts": [
    "devpts",
    "open a terminal in it, and read at one side what was written at the other",
    "an instance of its own, with a terminal that passes on what is written",
  ],
} as const;

type Id = keyof typeof kinds;

const ids = Object.keys(kinds) as Id[];

async function run(context: ProbeContext) {
  const untried = new Map(ids.map((id) => [id, whyNotTried(context, id)] as const));
  const types = ids.filter((id) => untried.get(id) === undefined).map((id) => kinds[id][0]);
  const reading = readSteps("filesystems", await context.helpers.probe("filesystems", types, 4000));
  const findings = await Promise.all(
    ids.map(async (id) => [id, untried.get(id) ?? (await judge(context, reading, id))] as const),
  );
  return Object.fromEntries(findings) as Record<Id, Finding>;
}

/**
 * The first mount of cgroup2 makes its hierarchy visible to everyone for good (kernel/cgroup/cgroup.c,
 * cgroup_get_tree()): it is tried only where one is mounted already.
 */
function whyNotTried({ host }: ProbeContext, id: Id): Finding | undefined {
  const [type] = kinds[id];
  const missing = withoutFileSystem(host, type);
  if (missing !== undefined || type !== "cgroup2") return missing;
  const { hierarchies } = readControlGroupPlaces(host);
  if (hierarchies.some(({ version }) => version === 2)) return undefined;
  const detail = "version 2 of control groups is mounted nowhere here, and a probe must not be the first to do it";
  return finding({
    state: "blocked",
    level: "declared",
    summary: detail,
    evidence: [{ action: "look for cgroup2 in /proc/self/mountinfo", result: "not mounted" }],
    blockers: [{ code: "cgroup-version", detail }],
  });
}

async function judge(context: ProbeContext, reading: Reading, id: Id): Promise<Finding> {
  const [type, use, summary] = kinds[id];
  const words = {
    [`${type}-place`]: "namespaces of its own, with a tmpfs",
    [type]: `mount ${type}`,
    [`${type}-used`]: use,
  };
  const place = reading.steps.get(`${type}-place`);
  if (place !== undefined && place.errno !== "ok") {
    const step = placeSteps[place.text] ?? "clone";
    return judgeStep(context, { step, errno: place.errno }, evidenceOf(reading, words));
  }
  const judged = await judgeExercise(context, reading, {
    words,
    expected: { [type]: "ok", [`${type}-used`]: "ok" },
    level: "exercised",
    summary,
    explain: (step, errno) => (step === type && errno === "EPERM" ? explainDenied(context, type) : undefined),
  });
  const denied = errnoAt(reading, type);
  if (judged.state !== "broken" || denied === undefined || denied === "ok") return judged;
  return judgeStep(context, { step: `mount-${type}`, errno: denied }, judged.evidence);
}

/** As with /proc: a fresh sysfs shows no more than the old one, so where that is covered the kernel refuses (EPERM). */
function explainDenied({ host }: ProbeContext, type: string) {
  if (type !== "sysfs") return undefined;
  const covers = listCovers(host, "/sys");
  const isHidden = typeMountedAt(host, "/sys") !== "sysfs";
  if (covers.length === 0 && !isHidden) return undefined;
  const detail = isHidden ? "no sysfs is to be seen here" : `mounted over parts of /sys: ${covers.join(", ")}`;
  return { state: "blocked", blocker: { code: "outer-container", detail } } as const;
}

/** The type of what was mounted at a point last, and so is seen there (mountinfo(5)); undefined where nothing was. */
function typeMountedAt(host: Host, point: string): string | undefined {
  const mounts = host.readText("/proc/self/mountinfo");
  const line = mounts.ok ? mounts.value.split("\n").findLast((mount) => mount.split(" ")[4] === point) : undefined;
  return line?.split(" - ", 2)[1]?.split(" ", 1)[0];
}

/** Probe `kernel-file-systems`. */
export default defineProbe({
  id: "kernel-file-systems",
  area: "mounts",
  capabilities: {
    "mount.sysfs": "Fresh /sys",
    "mount.cgroup": "Fresh control group mounts",
    "mount.mqueue": "Message queues of its own",
    "mount.devpts": "Terminals of its own",
  },
  deadlineMs: 9000,
  run: onLinux(ids, run),
});
