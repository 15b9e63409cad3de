/** A service by systemd, of the manager that a job's would be of, with the prober in it: nothing of it is left. */
import type { Host, ProgramResult } from "../host/host.ts";
import { systemdEnvironment } from "../launch/systemd-environment.ts";
import { unitEnd } from "../launch/unit-ends.ts";
import { unitWords, type SystemdManager } from "../launch/systemd-words.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { capabilityBits, hasCapability } from "./_capability-masks.ts";
import { judgeEngineFailure } from "./_engine-failure.ts";
import { engineFailed, judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import { judgeRehearsal, rehearse } from "./_judge-rehearsal.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { complaint, endedWell, type SaidVersion } from "./_program.ts";
import { rehearsalEvidence } from "./_rehearsal.ts";
import { valueAt, type Reading } from "./_steps.ts";

const runMs = 8000;
/** Longer than a unit may take to end, which its own words say. */
const stopMs = 6000;

/** What a unit is asked for with, and what takes one away. */
export interface SystemdPrograms {
  readonly run: Extract<SaidVersion, { ok: true }>;
  /** Path of systemctl. */
  readonly control: string;
}

/** What they are called in sentences. */
const names: Readonly<Record<SystemdManager, string>> = { system: "systemd", user: "the user's systemd" };

/** A unit as it is asked for. */
interface Unit {
  readonly manager: SystemdManager;
  readonly name: string;
  /** The clients'. */
  readonly environment: Readonly<Record<string, string>>;
}

/** By a name that nobody else uses: two doctors may ask the same manager at the same time. */
function nameUnit({ identity: { uid }, environment }: Host): Unit {
  const manager = uid === 0 ? "system" : "user";
  const name = `cupel-probe-${Math.random().toString(36).slice(2, 12)}.service`;
  return { manager, name, environment: systemdEnvironment(manager, { uid, environment }) };
}

/** Has the manager run the prober in a unit, and takes away one that does not end. */
export async function runUnit(context: ProbeContext, programs: SystemdPrograms): Promise<Finding> {
  const { helpers, host } = context;
  const root = await helpers.root();
  if (!root.ok) return notTried("make a root with the prober", root.reason);
  const unit = nameUnit(host);
  const { manager, environment } = unit;
  const words = callWords(manager, unit.name, root.path);
  const result = await helpers.keep(programs.run.path, words, { deadlineMs: runMs, environment });
  const left = result.status === "timeout" ? await stopUnit(host, programs.control, unit) : [];
  const outside = await lookOutside(context);
  const engine = describeRun(manager, withoutName(result, unit.name), left);
  const judged = judgeIsolation(engine, outside) ?? (await judgeFailure(context, engine, programs.run));
  return judged.state === "works" ? { ...judged, value: manager } : judged;
}

function notTried(action: string, result: string): Finding {
  const summary = `could not be tried: ${result}`;
  return finding({ state: "unknown", level: "inferred", summary, evidence: [{ action, result }] });
}

/** A path that is no word of a list is taken as it stands: quoted, it would be refused. */
function callWords(manager: SystemdManager, unit: string, root: string): string[] {
  const own = ["PrivateNetwork=yes", `RootDirectory=${root}`, "TemporaryFileSystem=/run:ro,size=4096,mode=0755"];
  return [...unitWords(manager, unit), ...own.map((property) => `--property=${property}`), "/prober", "inside"];
}

/** Of a unit that stays its user is told by its name. */
async function stopUnit(host: Host, control: string, { manager, name, environment }: Unit): Promise<Evidence[]> {
  const words = [`--${manager}`, "--quiet", "stop", name];
  const stopped = await host.run(control, words, { deadlineMs: stopMs, environment });
  // Of a unit that has ended, and is forgotten, it says that it is not loaded.
  if (endedWell(stopped) || complaint(stopped).includes("not loaded")) return [];
  return [{ action: `systemctl ${words.join(" ")}`, result: complaint(stopped) }];
}

/** The same each time that it is told. */
function withoutName(result: ProgramResult, name: string): ProgramResult {
  return result.status === "exited" ? { ...result, stderr: result.stderr.replaceAll(name, "NAME") } : result;
}

function describeRun(manager: SystemdManager, result: ProgramResult, evidence: readonly Evidence[]): EngineRun {
  return {
    name: names[manager],
    action: `systemd-run ${callWords(manager, "NAME", "DIRECTORY").join(" ")}`,
    result,
    namespaces: ["pid", "mount", "ipc", "network", ...(manager === "user" ? ["user" as const] : [])],
    lacks: (inside) => findLack(inside, manager),
    evidence,
    summary: () => "ran a unit with a root and namespaces of its own, without a network",
  };
}

/** What cupel's launcher makes a job of root's with (systemd-words.ts). */
const launchersCapabilities = ["CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN"] as const;

function findLack(inside: Reading, manager: SystemdManager): string | undefined {
  if (valueAt(inside, "no-new-privs") !== 1) return "no_new_privs is not set";
  const effective = valueAt(inside, "capabilities-effective");
  const asked = manager === "system" ? launchersCapabilities.map((name) => capabilityBits[name]) : [];
  const kept = asked.filter((bit) => hasCapability(effective ?? 0, bit)).map((bit) => 2 ** bit);
  return effective === kept.reduce((sum, value) => sum + value, 0) ? undefined : "capabilities are left";
}

/** What is said of a property by a client, and by a manager, that does not know it. */
const unknownProperty = /Unknown assignment: (\w+)=|Cannot set property (\w+), or unknown property/;

async function judgeFailure(
  context: ProbeContext,
  engine: EngineRun,
  version: SystemdPrograms["run"],
): Promise<Finding> {
  const said = complaint(engine.result);
  const [, ...properties] = unknownProperty.exec(said) ?? [];
  const property = properties.find((name) => name !== undefined);
  if (property !== undefined) return tooOld(engine, property, /^systemd \d+/.exec(version.line)?.[0] ?? "this systemd");
  return (await judgeSetUp(context, engine)) ?? judgeEngineFailure(context, engine);
}

function tooOld(engine: EngineRun, property: string, version: string): Finding {
  const isPids = property === "PrivatePIDs";
  const lack = isPids ? "gives a unit no PID namespace of its own (since 257)" : `knows no ${property}=`;
  const detail = `${version} ${lack}`;
  const blockers = [{ code: "package-version", detail }] as const;
  return engineFailed(engine, { state: "absent", summary: detail, blockers });
}

/** Those that a launcher of cupel's own, which makes the same, may tell more of. */
const namespaceEnds: readonly string[] = ["217/USER", "225/NETWORK", "226/NAMESPACE"];

/** The finding where systemd's own process could not become the unit's; undefined for any other end. */
async function judgeSetUp(context: ProbeContext, engine: EngineRun): Promise<Finding | undefined> {
  const { result } = engine;
  if (result.status !== "exited" || complaint(result) !== `exit ${result.code ?? ""}`) return undefined;
  const end = unitEnd(result.code ?? 0);
  if (end === undefined) return undefined;
  const plain = engineFailed({ ...engine, result: { ...result, stderr: `exit ${end}` } });
  return namespaceEnds.includes(end) ? explain(context, engine, plain) : plain;
}

/** A manager has other rights than cupel: only where the same is denied to both is it for what cupel is denied it for. */
async function explain(context: ProbeContext, { namespaces }: EngineRun, plain: Finding): Promise<Finding> {
  const rehearsed = await rehearse(context, "namespaces of the same kinds, with a fresh /proc", {
    namespaces,
    root: [{ step: "proc", destination: "/proc" }],
  });
  const seen = [...plain.evidence, rehearsalEvidence(rehearsed.what, rehearsed.result)];
  if (rehearsed.result.status !== "failed") return { ...plain, evidence: seen };
  const { blockers, evidence, ruledOut } = await judgeRehearsal(context, rehearsed, "");
  const whole = { ...plain, evidence: [...plain.evidence, ...evidence], ruledOut };
  if (blockers.every(({ code }) => code === "unknown")) return whole;
  return { ...whole, blockers, summary: `${plain.summary}: ${blockers.map(({ detail }) => detail).join("; ")}` };
}
