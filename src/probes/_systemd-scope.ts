/** A user's systemd manager, asked: how it is, which controllers it may hand on, and for a scope that ends with its command. */
import type { Host, ProgramResult } from "../host/host.ts";
import { managerEnvironment } from "../launch/own-scope.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { complaint, describeEnd, findProgram } from "./_program.ts";

const deadlineMs = 3000;

/** What a job's limits need (cgroups(7)). */
const neededControllers = ["cpu", "memory", "pids"] as const;

/** Answers of `is-system-running` (systemctl(1)) that mean that there is somebody to ask. */
const answering = ["running", "degraded", "starting", "initializing"] as const;

/** The finding for a manager whose socket is there. */
export async function exerciseManager(
  context: ProbeContext,
  systemctl: string,
  before: readonly Evidence[],
): Promise<Finding> {
  const { host } = context;
  const environment = managerEnvironment(host);
  const asked = await host.run(systemctl, ["--user", "is-system-running"], { deadlineMs, environment });
  const answer = asked.status === "exited" ? oneLine(asked.stdout) : "";
  const evidence = [...before, { action: "systemctl --user is-system-running", result: describeEnd(asked) }];
  if (asked.status === "timeout") {
    const summary = `the manager did not answer: ${describeEnd(asked)}`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  if (!answering.some((word) => word === answer)) return unreachable(asked, evidence);
  const { controllers, evidence: read } = readControllers(host);
  const scope = await runScope(context, environment);
  return judge(answer, controllers, { scope, evidence: [...evidence, read, ...scope.evidence] });
}

function unreachable(asked: ProgramResult, evidence: readonly Evidence[]): Finding {
  const detail = `the user's manager is there, but cannot be asked: ${complaint(asked)}`;
  const blockers = [{ code: "cgroup-delegation", detail }] as const;
  return finding({ state: "blocked", level: "exercised", summary: detail, evidence, blockers });
}

/** systemd.resource-control(5), "Delegate=": what the manager's own group may hand on. */
function readControllers(host: Host): { controllers: readonly string[] | undefined; evidence: Evidence } {
  const { uid } = host.identity;
  const group = `/sys/fs/cgroup/user.slice/user-${uid}.slice/user@${uid}.service/cgroup.controllers`;
  const text = host.readText(group);
  const controllers = text.ok ? text.value.split(/\s+/).filter((word) => word !== "") : undefined;
  const result = text.ok ? oneLine(text.value) || "none" : text.errno;
  return { controllers, evidence: { action: `read ${group}`, result } };
}

interface Scope {
  readonly result: ProgramResult | undefined;
  readonly evidence: readonly Evidence[];
}

/** A scope ends with its last process, and --collect forgets it also where that failed (systemd-run(1)): nothing stays. */
async function runScope(context: ProbeContext, environment: Readonly<Record<string, string>>): Promise<Scope> {
  const { host, helpers } = context;
  const { path } = findProgram(host, "systemd-run");
  const [cat] = host.findPrograms("cat");
  if (path === undefined || cat === undefined) {
    return { result: undefined, evidence: [{ action: "run a scope", result: "no systemd-run or cat to try it with" }] };
  }
  const limits = ["--property=TasksMax=16", "--property=MemoryMax=64M"];
  const words = ["--user", "--scope", "--quiet", "--collect", ...limits, cat, "/proc/self/cgroup"];
  const result = await helpers.keep(path, words, { deadlineMs, environment });
  return { result, evidence: [{ action: `systemd-run ${words.slice(0, -2).join(" ")}`, result: describeEnd(result) }] };
}

/** What the scope's only process saw of itself: a group that ends in a scope of systemd's making. Pure. */
export function parseScope(text: string): string | undefined {
  return /^0::(\/.*\.scope)$/m.exec(text)?.[1] ?? /^\d+:name=systemd:(\/.*\.scope)$/m.exec(text)?.[1];
}

function judge(
  answer: string,
  controllers: readonly string[] | undefined,
  { scope, evidence }: { readonly scope: Scope; readonly evidence: readonly Evidence[] },
): Finding {
  const { result } = scope;
  const value = controllers?.join(" ");
  const parts = { evidence, value } as const;
  if (result === undefined || result.status !== "exited") {
    const summary = `the manager answers (${answer}); a scope could not be tried`;
    return finding({ state: "unknown", level: "inferred", summary, ...parts });
  }
  const name = result.code === 0 ? parseScope(result.stdout) : undefined;
  if (name === undefined) {
    const detail = `the manager makes no scope: ${complaint(result)}`;
    const blockers = [{ code: "cgroup-delegation", detail }] as const;
    return finding({ state: "blocked", level: "exercised", summary: detail, ...parts, blockers });
  }
  const missing = neededControllers.filter((controller) => controllers?.includes(controller) !== true);
  const summary = `the manager (${answer}) ran a command in a scope of its own`;
  if (missing.length === 0) {
    const level = "exercised";
    return finding({ state: "works", level, summary: `${summary}; it may hand on ${value ?? ""}`, ...parts });
  }
  const detail = `the manager may not hand on ${missing.join(", ")}`;
  const blocker: Blocker = { code: "cgroup-delegation", detail };
  return finding({
    state: "degraded",
    level: "exercised",
    summary: `${summary}; ${detail}`,
    ...parts,
    blockers: [blocker],
  });
}
