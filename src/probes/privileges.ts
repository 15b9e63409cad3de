/** Privileges: what this process holds, that they can be renounced for good, and that root can become somebody else. */
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { capabilityBits, formatMask, hasCapability } from "./_capability-masks.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeRehearsal, rehearsePlan } from "./_judge-rehearsal.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { smallPlan } from "./_rehearsal.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["privilege.no-new-privs", "privilege.capabilities", "privilege.drop-identity"] as const;

async function run(context: ProbeContext) {
  return {
    "privilege.no-new-privs": judgeRenouncing(
      readSteps("no-new-privs", await context.helpers.probe("no-new-privs", [], 1000)),
    ),
    "privilege.capabilities": judgeCapabilities(
      readSteps("capabilities", await context.helpers.probe("capabilities", [], 2000)),
      isInFirstUserNamespace(context.host),
    ),
    "privilege.drop-identity": await dropIdentity(context),
  };
}

function judgeRenouncing(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    before: "prctl(PR_GET_NO_NEW_PRIVS)",
    set: "prctl(PR_SET_NO_NEW_PRIVS, 1)",
    after: "prctl(PR_GET_NO_NEW_PRIVS) after",
    clear: "prctl(PR_SET_NO_NEW_PRIVS, 0)",
    inherited: "prctl(PR_GET_NO_NEW_PRIVS) in a child",
  });
  const set = errnoAt(reading, "set");
  if (set === undefined) return { ...notEstablished(reading, "prctl(PR_SET_NO_NEW_PRIVS, 1)"), evidence };
  if (set !== "ok") {
    const blocker = {
      code: "seccomp",
      detail: `a system call filter answers ${set} to prctl(PR_SET_NO_NEW_PRIVS)`,
    } as const;
    return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  if (allGave(reading, { clear: "EINVAL" }) && valueAt(reading, "after") === 1 && valueAt(reading, "inherited") === 1) {
    const already = valueAt(reading, "before") === 1 ? "; set already by whoever started cupel" : "";
    const summary = `set, inherited, and not to be taken back${already}`;
    return finding({ state: "works", level: "enforced", summary, evidence });
  }
  return finding({ state: "broken", level: "exercised", summary: "it can be set, but it does not hold", evidence });
}

const uses = {
  CAP_SETPCAP: "use-setpcap",
  CAP_SYS_ADMIN: "use-sys-admin",
  CAP_SETUID: "use-setuid",
  CAP_SETGID: "use-setgid",
  CAP_NET_ADMIN: "use-net-admin",
  CAP_SYS_CHROOT: "use-sys-chroot",
  CAP_SYS_RESOURCE: "use-sys-resource",
} as const;

/** PROC_USER_INIT_INO (include/linux/proc_ns.h). In any other, capabilities count for what belongs to it alone. */
function isInFirstUserNamespace(host: Host): boolean {
  const status = host.status("/proc/self/ns/user");
  return status.ok && status.value.inode === 0xeffffffd;
}

function judgeCapabilities(reading: Reading, isInFirst: boolean): Finding {
  const effective = valueAt(reading, "effective");
  if (effective === undefined) return notEstablished(reading, "capget");
  const sets = ["effective", "permitted", "inheritable", "bounding", "ambient"].map((name) => ({
    action: `${name} set`,
    result: formatMask(valueAt(reading, name) ?? 0),
  }));
  const used = Object.entries(uses).map(([name, step]) => ({
    action: `use ${name}`,
    result: errnoAt(reading, step) ?? "not reached",
  }));
  const names = Object.keys(uses) as (keyof typeof uses)[];
  const isHollow = (name: keyof typeof uses) =>
    hasCapability(effective, capabilityBits[name]) && errnoAt(reading, uses[name]) !== "ok";
  const hollow = isInFirst ? names.filter(isHollow) : [];
  const missing = names.filter((name) => !hasCapability(effective, capabilityBits[name]));
  const lacks = missing.length === 0 ? "" : `; lacks ${missing.join(", ")}`;
  const scope = isInFirst ? "" : ", good for its own user namespace alone";
  const summary = effective === 0 ? "none, as an ordinary user has it" : `${formatMask(effective)}${lacks}${scope}`;
  return finding({
    state: hollow.length === 0 ? "works" : "degraded",
    level: "exercised",
    summary: hollow.length === 0 ? summary : `${summary}; held but of no use here: ${hollow.join(", ")}`,
    evidence: [...sets, ...used],
    value: formatMask(effective),
  });
}

async function dropIdentity(context: ProbeContext): Promise<Finding> {
  const { uid } = context.host.identity;
  if (uid !== 0) {
    return finding({
      state: "not-applicable",
      level: "declared",
      summary: "only root takes ids of their own for jobs; a user's job keeps the user's",
      evidence: [{ action: "effective user id", result: String(uid) }],
    });
  }
  const rehearsed = await rehearsePlan(context, "ids that nobody else has", smallPlan({ namespaces: [] }, "fresh"));
  return judgeRehearsal(context, rehearsed, "took ids that nobody else has, without supplementary groups");
}

/** Probe `privileges`. */
export default defineProbe({
  id: "privileges",
  area: "privilege",
  capabilities: {
    "privilege.no-new-privs": "No new privileges",
    "privilege.capabilities": "Capabilities",
    "privilege.drop-identity": "Ids of a job's own",
  },
  deadlineMs: 6000,
  run: onLinux(ids, run),
});
