/** The system call filter that cupel was started under, told by how calls are answered that no kernel would accept. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { hasCapability } from "./_capability-masks.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { readSetting } from "./_settings.ts";
import { errnoAt, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";
import { knownCalls, type KnownCall } from "./_system-call-table.ts";

async function run({ host, helpers }: ProbeContext) {
  const reading = readSteps("system-calls", await helpers.probe("system-calls", [], 2000));
  return { "seccomp.inherited": judge(host, reading) };
}

/** Who answered one call: the kernel, a filter, or one of the two. */
type Answerer = "kernel" | "filter" | "either";

interface Answered {
  readonly name: string;
  readonly errno: string;
  readonly by: Answerer;
}

function judge(host: Host, reading: Reading): Finding {
  const mode = valueAt(reading, "seccomp-mode");
  const status = host.readText("/proc/self/status");
  const count = status.ok ? /^Seccomp_filters:\s*(\d+)/m.exec(status.value)?.[1] : undefined;
  const answered = answerers(host, reading);
  const evidence: Evidence[] = [
    {
      action: "prctl(PR_GET_SECCOMP)",
      result: mode === undefined ? (errnoAt(reading, "seccomp-mode") ?? "not reached") : String(mode),
    },
    { action: "read Seccomp_filters in /proc/self/status", result: count ?? "not told" },
    ...answered
      .filter(({ by }) => by !== "kernel")
      .map(({ name, errno }) => ({ action: `${name} with bad arguments`, result: errno })),
    { action: "calls with bad arguments that the kernel itself answered", result: countKernel(answered) },
  ];
  const died = reading.steps.get("calls-died");
  if (died !== undefined)
    evidence.push({ action: "the process that made the calls", result: `killed by signal ${died.value}` });
  if (answered.length === 0) return { ...notEstablished(reading, "calls with bad arguments"), evidence };
  return judgeAnswers({
    mode,
    count,
    answered,
    evidence,
    killedFor: died === undefined ? undefined : firstUnanswered(reading),
  });
}

interface Judged {
  readonly mode: number | undefined;
  readonly count: string | undefined;
  readonly answered: readonly Answered[];
  readonly evidence: readonly Evidence[];
  /** The call for which a process was killed. */
  readonly killedFor: string | undefined;
}

/** prctl(2): a filter in force shows as mode 2, and without one the call says 0. */
function judgeAnswers({ mode, count, answered, evidence, killedFor }: Judged): Finding {
  const denied = answered.filter(({ by }) => by === "filter");
  const value = denied.map(({ name }) => name).join(",");
  const parts = { level: "exercised", evidence, value } as const;
  const filters = count === undefined || count === "0" ? "a filter" : count === "1" ? "one filter" : `${count} filters`;
  if (killedFor !== undefined) {
    return finding({
      ...parts,
      value: killedFor,
      state: "works",
      summary: `${filters}: a process is killed for ${killedFor}; calls after it were not tried`,
    });
  }
  if (denied.length > 0) {
    const unsure = answered.filter(({ by }) => by === "either").map(({ name }) => name);
    const rest = unsure.length === 0 ? "" : `; ${unsure.join(", ")}: a filter, or the kernel itself`;
    const summary = `${filters} deny: ${denied.map(({ name, errno }) => `${name} (${errno})`).join(", ")}${rest}`;
    return finding({ ...parts, state: "works", summary: summary.replace(/^(a|one) filter deny/, "$1 filter denies") });
  }
  if (mode === 0) {
    const summary = "cupel was started without a system call filter";
    return finding({ state: "absent", level: "exercised", summary, evidence });
  }
  if (mode === undefined)
    return finding({
      state: "unknown",
      level: "inferred",
      summary: "whether a filter is in force cannot be told",
      evidence,
    });
  const verb = filters.endsWith("filters") ? "deny" : "denies";
  return finding({
    ...parts,
    state: "works",
    summary: `${filters}, which ${verb} none of the ${answered.length} calls that were tried`,
  });
}

function countKernel(answered: readonly Answered[]): string {
  return `${answered.filter(({ by }) => by === "kernel").length} of ${answered.length}`;
}

/** Calls are made in the order of the table: the first without an answer is the one that was not survived. */
function firstUnanswered(reading: Reading): string {
  const call = Object.entries(knownCalls).find(([step]) => errnoAt(reading, step) === undefined)?.[1];
  return call?.name ?? "a call";
}

/** Each call that was made, with who answered it. */
function answerers(host: Host, reading: Reading): Answered[] {
  const newest = newestAnswered(reading);
  const mask = valueAt(reading, "capabilities") ?? 0;
  const isFiltered = valueAt(reading, "seccomp-mode") !== 0;
  return Object.entries(knownCalls).flatMap(([step, call]) => {
    const errno = errnoAt(reading, step);
    if (errno === undefined) return [];
    const by = isFiltered ? answererOf(host, call, { errno, newest, mask }) : "kernel";
    return [{ name: call.name, errno, by }];
  });
}

interface Facts {
  readonly errno: string;
  readonly newest: number;
  readonly mask: number;
}

function answererOf(host: Host, call: KnownCall, { errno, newest, mask }: Facts): Answerer {
  if (call.answers.includes(errno)) return "kernel";
  if (errno === "EPERM" && mayLackPrivilege(call, { errno, newest, mask })) return "either";
  if (errno !== "ENOSYS") return "filter";
  // A kernel that answers a newer call has every older one that is not optional.
  if (call.isOptional === true) return "either";
  if (call.setting === undefined) return orderOf(call.since) <= newest ? "filter" : "either";
  return readSetting(host, call.setting).answer.ok ? "filter" : "either";
}

function mayLackPrivilege({ needs, neededUntil }: KnownCall, { newest, mask }: Facts): boolean {
  if (needs === undefined || hasCapability(mask, needs)) return false;
  return neededUntil === undefined || newest < orderOf(neededUntil);
}

/** The newest kernel that the answers prove. */
function newestAnswered(reading: Reading): number {
  const seen = Object.entries(knownCalls).filter(([step, { answers }]) =>
    answers.includes(errnoAt(reading, step) ?? ""),
  );
  return Math.max(0, ...seen.map(([, { since }]) => orderOf(since)));
}

function orderOf([major, minor]: KnownCall["since"]): number {
  return major * 1000 + minor;
}

/** Probe `system-calls`. */
export default defineProbe({
  id: "system-calls",
  area: "privilege",
  capabilities: { "seccomp.inherited": "Inherited system call filter" },
  deadlineMs: 3000,
  run: onLinux(["seccomp.inherited"], run),
});
