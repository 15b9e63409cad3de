/** A container by Podman, with whichever runtime takes it. */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { judgeEngineFailure } from "./_engine-failure.ts";
import { judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import type { PodmanInfo } from "./_podman-info.ts";
import type { PlacedPodman } from "./_podman-place.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { complaint, ifRoot } from "./_program.ts";
import { valueAt, type Reading } from "./_steps.ts";

const deadlineMs = 8000;

/** Podman asks for more than its own limits, and without CAP_SYS_RESOURCE that is EPERM: these are asked for instead. */
const modestLimit = 1024;

const confinement = [
  "--rm",
  "--net=none",
  "--read-only",
  "--cap-drop=all",
  "--security-opt=no-new-privileges",
] as const;

/** The smaller of a modest number and the caller's own hard limits (proc_pid_limits(5)). Pure. */
export function parseUserLimits(limits: string): { readonly nofile: number; readonly nproc: number } {
  const hard = (name: string): number => {
    const value = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)\\s`, "m").exec(limits)?.[1];
    return Math.min(modestLimit, value === undefined ? modestLimit : Number(value));
  };
  return { nofile: hard("Max open files"), nproc: hard("Max processes") };
}

/** Runs the prober with each runtime until one takes it; the first one's finding where none does. */
export async function runContainer(context: ProbeContext, podman: PlacedPodman, info: PodmanInfo): Promise<Finding> {
  if (info.serviceIsRemote) return remote();
  const outside = await lookOutside(context);
  const runtimes = podman.runtimes.filter(({ name }) => name === "crun" || info.security.rootless);
  if (runtimes.length === 0) return noRuntime(podman);
  const failed: Finding[] = [];
  for (const runtime of runtimes) {
    const before = failed.flatMap(({ evidence }) => evidence);
    const found = await tryRuntime(context, { podman, info, runtime, outside, before });
    if (found.state !== "blocked") return found.state === "works" ? { ...found, value: runtime.name } : found;
    failed.push(found);
  }
  const [first] = failed;
  return { ...(first as Finding), evidence: failed.flatMap(({ evidence }) => evidence) };
}

function remote(): Finding {
  const summary = "not tried: this Podman speaks to a service, which may be on another machine";
  const evidence = [{ action: "podman info: serviceIsRemote", result: "true" }];
  return finding({ state: "unknown", level: "declared", summary, evidence });
}

/** As root, Podman by any runtime but crun makes control groups wherever it is told not to. */
function noRuntime({ runtimes }: PlacedPodman): Finding {
  const names = runtimes.map(({ name }) => name).join(", ") || "no runtime that cupel knows";
  const summary = `not tried: with ${names} a container takes control groups, which a probe makes none of`;
  const evidence = [{ action: "look for runtimes", result: names }];
  return finding({ state: "unknown", level: "inferred", summary, evidence });
}

interface Attempt {
  readonly podman: PlacedPodman;
  readonly info: PodmanInfo;
  readonly runtime: PlacedPodman["runtimes"][number];
  readonly outside: Reading;
  readonly before: readonly Evidence[];
}

async function tryRuntime(context: ProbeContext, attempt: Attempt): Promise<Finding> {
  const { podman, info, runtime, outside, before } = attempt;
  const { environment } = podman;
  const controlGroups = ifRoot(context.host, "hidden");
  const limits = context.host.readText("/proc/self/limits");
  const { nofile, nproc } = parseUserLimits(limits.ok ? limits.value : "");
  const limited = [`--ulimit=nofile=${nofile}:${nofile}`, `--ulimit=nproc=${nproc}:${nproc}`];
  const flags = [...confinement, ...limited, ...(runtime.name === "crun" ? ["--cgroups=disabled"] : [])];
  const words = [...podman.flags, "--runtime", runtime.path, "run", ...flags, "--rootfs", podman.root];
  const command = [...words, "/prober", "inside"];
  const result = await context.helpers.keep(podman.path, command, { deadlineMs, environment, controlGroups });
  const rootless = info.security.rootless;
  const run: EngineRun = {
    name: `podman with ${runtime.name}`,
    action: `podman --runtime ${runtime.name} run ${flags.join(" ")} --rootfs DIRECTORY prober`,
    result: withoutPrefix(result, runtime.path),
    namespaces: ["pid", "mount", "ipc", "uts", "network", ...(rootless ? ["user" as const] : [])],
    lacks: findLack,
    evidence: before,
    summary: () => `ran a container ${rootless ? "rootless" : "as root, without control groups"}, without a network`,
  };
  return judgeIsolation(run, outside) ?? judgeEngineFailure(context, run);
}

/** Podman names the runtime by its path, which is that of our script. */
function withoutPrefix(result: ProgramResult, path: string): ProgramResult {
  if (result.status !== "exited") return result;
  const said = complaint(result).replaceAll(path, path.split("/").at(-1) ?? "");
  return { ...result, stderr: result.code === 0 ? result.stderr : said };
}

function findLack(inside: Reading): string | undefined {
  if (valueAt(inside, "no-new-privs") !== 1) return "no_new_privs is not set";
  return valueAt(inside, "capabilities-effective") === 0 ? undefined : "capabilities are left";
}
