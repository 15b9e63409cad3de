/** The native helpers, for probes and trials. */
import { openSync, closeSync } from "node:fs";
import * as v from "valibot";
import { errnoName } from "../host/errno-name.ts";
import { errnoOf } from "../host/errno-of.ts";
import type { Host, ProgramOptions, ProgramResult } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { enginePlace, useContainerRoot, useEnginePlace, withRootArchive } from "./container-root.ts";
import { openHelperFiles } from "./helper-file.ts";
import { keepProgram } from "./keep-program.ts";
import type { HelperPort, Place, ProberResult, ProberStep, RehearsalResult } from "./helper-port.ts";
import type { LaunchEvent } from "./launch-event.ts";
import { outsideIdentity, seccompArchitecture } from "./launch-identity.ts";
import { startLaunch, type HelperPlaces } from "./start-launch.ts";

const proberLineSchema = v.strictObject({
  step: v.string(),
  errno: v.pipe(v.number(), v.integer()),
  value: v.number(),
  text: v.optional(v.string(), ""),
});

function parseProberStep(line: string): ProberStep {
  const parsed = v.parse(proberLineSchema, JSON.parse(line));
  return { ...parsed, errno: errnoName(parsed.errno) };
}

/** Whole lines only: a prober that was killed may have been in the middle of one. */
function parseProberOutput(stdout: string): ProberStep[] {
  return stdout.split("\n").slice(0, -1).map(parseProberStep);
}

/** Where devices are denied (mount(8), nodev), no program can be started: each gets the null device as its input. */
function openNull(): number | string {
  try {
    return openSync("/dev/null", "r+");
  } catch (error) {
    return `/dev/null cannot be opened: ${errnoOf(error)}`;
  }
}

/** Why no program can be started at all, if that is so; the runtime says it of each program. */
function explainNoStart(): string | undefined {
  const nothing = openNull();
  if (typeof nothing === "string") return nothing;
  closeSync(nothing);
  return undefined;
}

/** Runs the prober from the first place where it can be executed; gives the reasons where there is none. */
async function runProber(
  host: Host,
  places: HelperPlaces,
  proberArguments: readonly string[],
  options: ProgramOptions,
): Promise<Exclude<ProgramResult, { status: "not-started" }> | string> {
  const reasons: string[] = [];
  const files = openHelperFiles("prober", places.directories, places.uid);
  for (let next = files.next(); ; next = files.next()) {
    if (next.done === true) {
      return `the prober could not be started: ${explainNoStart() ?? [...next.value, ...reasons].join("; ")}`;
    }
    const result = await host.run(next.value.path, proberArguments, options);
    next.value.close();
    if (result.status !== "not-started") return result;
    reasons.push(`${next.value.storedAt}: ${result.errno}`);
  }
}

async function probe(
  host: Host,
  places: HelperPlaces,
  name: string,
  probeArguments: readonly string[],
  deadlineMs: number,
): Promise<ProberResult> {
  const result = await runProber(host, places, [name, ...probeArguments], { deadlineMs, environment: {} });
  return typeof result === "string" ? { status: "crashed", steps: [], detail: result } : judgeProber(result);
}

/** sysexits.h: what the prober answers to no arguments at all. */
const usageError = 64;

/** The first state directory that a root can be made in, and executed from. */
async function useRoot(host: Host, places: HelperPlaces): Promise<Place & { readonly directory?: string }> {
  const reasons: string[] = [];
  for (const directory of places.directories) {
    const root = useContainerRoot(directory, places.uid);
    if (!root.ok) {
      reasons.push(root.reason);
      continue;
    }
    const result = await host.run(`${root.path}/prober`, [], { deadlineMs: 1000, environment: {} });
    if (result.status === "exited" && result.code === usageError) return { ...root, directory };
    reasons.push(`${root.path}/prober: ${result.status === "not-started" ? result.errno : result.status}`);
  }
  return { ok: false, reason: `no place for a container's root: ${reasons.join("; ")}` };
}

function judgeProber(result: Exclude<Awaited<ReturnType<Host["run"]>>, { status: "not-started" }>): ProberResult {
  const steps = parseProberOutput(result.stdout);
  if (result.status === "timeout") return { status: "timeout", steps, durationMs: result.durationMs };
  if (steps.at(-1)?.step === "end")
    return { status: "ended", steps: steps.slice(0, -1), durationMs: result.durationMs };
  const detail = result.signal === null ? `exit code ${String(result.code)}` : `signal ${result.signal}`;
  return { status: "crashed", steps, detail: `${detail} before its last line` };
}

function judgeRehearsal(events: readonly LaunchEvent[], durationMs: number): RehearsalResult {
  for (const event of events) {
    if (event.event === "ready") {
      const { event: _, covering, ...namespaces } = event;
      return { status: "ready", namespaces, isCovering: covering === 1, durationMs };
    }
    if (event.event === "failed") {
      return { status: "failed", step: event.step, errno: errnoName(event.errno), subject: event.subject };
    }
  }
  return { status: "crashed", detail: `the launcher said ${JSON.stringify(events)}` };
}

async function rehearse(
  host: Host,
  places: HelperPlaces,
  plan: LauncherPlan,
  deadlineMs: number,
): Promise<RehearsalResult> {
  const started = performance.now();
  const binding = {
    outside: outsideIdentity(plan, host),
    controlGroups: [],
    rehearsal: true,
    architecture: seccompArchitecture(host.architecture),
  };
  const nothing = openNull();
  if (typeof nothing === "string") return { status: "crashed", detail: nothing };
  try {
    const launch = await startLaunch(plan, binding, places, [nothing, nothing, nothing]);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      launch.kill();
    }, deadlineMs);
    const events = await launch.ended;
    clearTimeout(timer);
    return timedOut ? { status: "timeout" } : judgeRehearsal(events, performance.now() - started);
  } catch (error) {
    if (error instanceof CupelError) return { status: "crashed", detail: error.message };
    throw error;
  } finally {
    closeSync(nothing);
  }
}

/** The helpers of this build, kept in one of `directories`. */
export function createNativeHelpers(host: Host, directories: readonly string[]): HelperPort {
  const places = { directories, uid: host.identity.uid };
  let found: ReturnType<typeof useRoot> | undefined;
  const root = (): ReturnType<typeof useRoot> => (found ??= useRoot(host, places));
  /** Where scripts can be executed, as in a root. */
  const placeWithin = async (name: string, pathMax: number): ReturnType<typeof useRoot> => {
    const isShort = (directory: string): boolean => enginePlace(directory, name).length <= pathMax;
    const chosen = await root();
    if (chosen.directory === undefined || isShort(chosen.directory)) return chosen;
    const short = directories.filter(isShort);
    if (short.length > 0) return useRoot(host, { ...places, directories: short });
    return { ok: false, reason: `${enginePlace(chosen.directory, name)} is longer than ${pathMax} characters` };
  };
  return {
    probe: (name, probeArguments, deadlineMs) => probe(host, places, name, probeArguments, deadlineMs),
    rehearse: (plan, deadlineMs) => rehearse(host, places, plan, deadlineMs),
    keep: (program, programArguments, options) =>
      keepProgram((words, run) => runProber(host, places, words, run), [program, ...programArguments], options),
    root,
    place: async (name, files, pathMax = Infinity) => {
      const chosen = await placeWithin(name, pathMax);
      if (chosen.directory === undefined) return chosen;
      return useEnginePlace(chosen.directory, places.uid, name, files);
    },
    withRootArchive: (use) => withRootArchive(directories, places.uid, use),
  };
}
