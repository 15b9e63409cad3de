/** The other kinds of namespaces, each made by the launcher, seen to be another than the caller's and to be good for something. */
import type { Finding } from "../model/capability.ts";
import type { NamespaceKind } from "../model/plan.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeRehearsal, rehearse, type Rehearsed } from "./_judge-rehearsal.ts";
import { judgeTimeNamespace, withEffect } from "./_namespace-effects.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { readSteps, type Reading } from "./_steps.ts";

/** Kinds by capability, with their names in /proc/PID/ns (namespaces(7)). */
const kinds = {
  "ns.mount": ["mount", "mnt"],
  "ns.pid": ["pid", "pid"],
  "ns.ipc": ["ipc", "ipc"],
  "ns.uts": ["uts", "uts"],
  "ns.cgroup": ["cgroup", "cgroup"],
  "ns.network": ["network", "net"],
} as const satisfies Readonly<Record<string, readonly [NamespaceKind, string]>>;

type Id = keyof typeof kinds;

const ids = Object.keys(kinds) as Id[];

/** All at once, as a job has them; only where that fails is each tried alone, to see which one it is. */
async function run(context: ProbeContext): Promise<Readonly<Record<Id | "ns.time", Finding>>> {
  const [together, effects] = await Promise.all([
    rehearse(context, "all namespaces at once", { namespaces: ids.map((id) => kinds[id][0]) }),
    context.helpers.probe("effects", [], 4000).then((result) => readSteps("effects", result)),
  ]);
  const findings = await Promise.all(
    ids.map(async (id) => {
      const own = together.result.status === "ready" ? together : await tryAlone(context, id);
      return [id, await judge(context, effects, id, own)] as const;
    }),
  );
  const made = Object.fromEntries(findings) as Record<Id, Finding>;
  return { ...made, "ns.time": await judgeTimeNamespace(context, effects) };
}

function tryAlone(context: ProbeContext, id: Id) {
  const kind = kinds[id][0];
  return rehearse(context, `a ${kind} namespace`, { namespaces: [kind] });
}

async function judge(context: ProbeContext, effects: Reading, id: Id, { what, result }: Rehearsed): Promise<Finding> {
  const [kind, file] = kinds[id];
  const judged = await judgeRehearsal(context, { what, result }, "made by the launcher, and another than the caller's");
  const outside = context.host.status(`/proc/self/ns/${file}`);
  if (result.status !== "ready" || !outside.ok) return judged;
  const inside = result.namespaces[kind];
  const comparison = {
    action: `compare /proc/self/ns/${file} inside and outside`,
    result: `${inside ?? "unknown"}, outside ${outside.value.inode}`,
  };
  const evidence = [...judged.evidence, comparison];
  if (inside !== outside.value.inode) return withEffect({ ...judged, evidence }, effects, kind);
  return finding({
    state: "broken",
    level: "exercised",
    summary: "reported as made, but it is the caller's",
    evidence,
  });
}

/** Probe `namespaces`. */
export default defineProbe({
  id: "namespaces",
  area: "namespaces",
  capabilities: {
    "ns.mount": "Mount namespaces",
    "ns.pid": "PID namespaces",
    "ns.ipc": "IPC namespaces",
    "ns.uts": "UTS namespaces",
    "ns.cgroup": "Control group namespaces",
    "ns.network": "Network namespaces",
    "ns.time": "Time namespaces",
  },
  deadlineMs: 8000,
  run: onLinux([...ids, "ns.time"], run),
});
