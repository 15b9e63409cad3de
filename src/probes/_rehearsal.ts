/** Rehearsals: the launcher that runs jobs carries out a plan as small as the claim that it is to prove. */
import type { Host } from "../host/host.ts";
import type { RehearsalResult } from "../launch/helper-port.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";
import { finding } from "./_probe.ts";

/** What a rehearsal is about; everything else is as plain as a plan can be. */
export interface RehearsalParts {
  /** Kinds besides the user namespace that they need where the caller is not root. */
  readonly namespaces: readonly NamespaceKind[];
  readonly root?: readonly RootStep[];
  readonly loopbackUp?: boolean;
  readonly hostname?: string;
}

/** Who jobs are inside: the id matters to no probe, only that one is mapped. */
const insideId = 1000;

/** The smallest plan with these parts, for a job with ids of its own outside or with the caller's. */
export function smallPlan(parts: RehearsalParts, outside: LauncherPlan["outside"]): LauncherPlan {
  const others = parts.namespaces.filter((kind) => kind !== "user");
  const hasUser = outside === "caller" || others.length < parts.namespaces.length;
  return {
    kind: "launcher",
    namespaces: hasUser ? ["user", ...others] : others,
    outside,
    inside: hasUser ? { uid: insideId, gid: insideId } : undefined,
    root: parts.root ?? [],
    hostname: parts.hostname,
    loopbackUp: parts.loopbackUp ?? false,
    command: ["true"],
    directory: "/",
    environment: {},
    umask: 0o077,
    resourceLimits: {},
    controlGroup: {},
    dropCapabilities: false,
    seccomp: "none",
    sockets: "by-profile",
    landlockScopes: [],
    terminal: "none",
    graceMs: 0,
  };
}

/**
 * Whether what is root here is somebody else outside of this user namespace (uid_map(5): inside, outside, count). Such a
 * root has no ids to give away, and needs none: it is an ordinary user who may run jobs under an id of its own.
 */
export function isRootInNameOnly(host: Host): boolean {
  const map = host.readText("/proc/self/uid_map");
  const first = map.ok ? /^\s*0\s+(\d+)\s+\d+\s*$/m.exec(map.value) : null;
  return first !== null && first[1] !== "0";
}

/** What was rehearsed and what came of it. */
export function rehearsalEvidence(what: string, result: RehearsalResult): Evidence {
  const action = `launcher: ${what}`;
  if (result.status === "ready") return { action, result: "ok" };
  if (result.status === "failed") {
    const subject = result.subject === "" ? "" : ` (${result.subject})`;
    return { action, result: `${result.errno} at ${result.step}${subject}` };
  }
  return { action, result: result.status === "timeout" ? "no end before its deadline; killed" : result.detail };
}

/** A finding for a rehearsal that neither succeeded nor was denied. */
export function rehearsalNotEstablished(what: string, result: RehearsalResult): Finding {
  const evidence = rehearsalEvidence(what, result);
  return finding({
    state: "unknown",
    level: "inferred",
    summary: `could not be established: ${evidence.result}`,
    evidence: [evidence],
  });
}
