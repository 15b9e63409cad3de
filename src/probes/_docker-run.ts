/** A container by Docker, from an image of cupel's own with the prober in it: nothing is pulled, and nothing is left. */
import { setTimeout as pause } from "node:timers/promises";
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { containerName } from "./_container-name.ts";
import type { DockerClient } from "./_docker-endpoint.ts";
import { chooseRuntime, parseSecurityOptions, type DockerInfo } from "./_docker-engine.ts";
import { judgeEngineFailure, parseCause } from "./_engine-failure.ts";
import { judgeIsolation, lookOutside, type EngineRun } from "./_isolation.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { complaint, endedWell } from "./_program.ts";
import { valueAt, type Reading } from "./_steps.ts";

const importMs = 5000;
const runMs = 8000;
const removalMs = 4000;

const flags = ["--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL"] as const;
const safety = ["--security-opt=no-new-privileges", "--workdir=/", "--user=0"] as const;

/** For the evidence. */
const importing = "docker import ARCHIVE IMAGE";

/** Runs the client with these words. */
type AskDocker = (words: readonly string[], deadlineMs: number) => Promise<ProgramResult>;

/** Imports an image with the prober, runs it, and takes both container and image away. */
export async function runDockerContainer(
  context: ProbeContext,
  { path, environment }: DockerClient,
  info: DockerInfo,
): Promise<Finding> {
  const { helpers } = context;
  const docker: AskDocker = async (words, deadlineMs) =>
    withoutHint(await helpers.keep(path, words, { deadlineMs, environment }));
  const name = containerName();
  const image = `cupel-probe:${name}`;
  const imported = await helpers.withRootArchive(async (archive) =>
    archive.ok ? docker(["import", archive.path, image], importMs) : archive.reason,
  );
  if (typeof imported === "string") return notTried("make an archive with the prober", imported);
  const runtime = chooseRuntime(info);
  const result = endedWell(imported) ? await runOnce(docker, { name, image, runtime }) : undefined;
  const removed = await removeImage(docker, image, imported);
  if (result === undefined) return judgeImport(imported);
  const outside = await lookOutside(context);
  const engine: EngineRun = { ...describeRun(info, result), evidence: describeImage(image, removed) };
  const judged = judgeIsolation(engine, outside) ?? (await judgeEngineFailure(context, engine));
  return runtime === undefined ? judged : { ...judged, value: runtime };
}

const betweenRemovalsMs = 50;

/**
 * One that was not imported in time may come to be there all the same, and one of a container that is on its way out goes
 * after that: a daemon that is not forced to gives no image away that a container has. Forced, it would take its name alone.
 */
async function removeImage(docker: AskDocker, image: string, imported: ProgramResult): Promise<ProgramResult> {
  const until = performance.now() + removalMs;
  const isRefused = imported.status === "exited" && imported.code !== 0;
  for (;;) {
    const removed = await docker(["image", "rm", image], Math.max(until - performance.now(), betweenRemovalsMs));
    if (endedWell(removed) || isRefused || performance.now() >= until) return removed;
    await pause(betweenRemovalsMs);
  }
}

/** What is run, and by what: see `chooseRuntime`. */
interface Container {
  readonly name: string;
  readonly image: string;
  readonly runtime: string | undefined;
}

function runtimeWords(runtime: string | undefined): string[] {
  return runtime === undefined ? [] : [`--runtime=${runtime}`];
}

/** The engine takes away a container that ends by itself. */
async function runOnce(docker: AskDocker, { name, image, runtime }: Container): Promise<ProgramResult> {
  const words = [...flags, ...runtimeWords(runtime), ...safety, `--name=${name}`, image, "/prober", "inside"];
  const result = await docker(["run", ...words], runMs);
  if (!endedWell(result)) await docker(["rm", "--force", name], removalMs);
  return result;
}

/** `docker run` complains, and then says where to read about itself. */
function withoutHint(result: ProgramResult): ProgramResult {
  if (result.status !== "exited") return result;
  return { ...result, stderr: result.stderr.replace(/^(?:See|Run) 'docker [a-z ]+ --help'.*\s*$/m, "") };
}

function describeRun(info: DockerInfo, result: ProgramResult): Omit<EngineRun, "evidence"> {
  const options = parseSecurityOptions(info.SecurityOptions);
  return {
    name: "docker",
    action: `docker run ${[...flags, ...runtimeWords(chooseRuntime(info)), ...safety].join(" ")} IMAGE /prober`,
    result,
    namespaces: ["pid", "mount", "ipc", "uts", "network"],
    lacks: (inside) => findLack(inside, options.includes("seccomp")),
    summary: () => "ran a container from an image of cupel's own, without a network",
  };
}

/** Of an image that stays its user is told by its name. */
function describeImage(image: string, removed: ProgramResult): Evidence[] {
  const imported = { action: importing, result: "exit 0" };
  if (endedWell(removed)) return [imported];
  return [imported, { action: `docker image rm ${image}`, result: complaint(removed) }];
}

function notTried(action: string, result: string): Finding {
  const summary = `could not be tried: ${result}`;
  return finding({ state: "unknown", level: "inferred", summary, evidence: [{ action, result }] });
}

/**
 * Only what the engine refuses it could not do: a client that is kept to places of its own (a snap) finds no archive in
 * cupel's.
 */
function judgeImport(imported: ProgramResult): Finding {
  const isRefused = imported.status === "exited" && /^Error response from daemon/m.test(imported.stderr);
  if (!isRefused) return notTried(importing, complaint(imported));
  const said = complaint(imported);
  const detail = `docker could not import an image: ${said}`;
  return finding({
    state: "blocked",
    level: "exercised",
    summary: detail,
    evidence: [{ action: importing, result: said }],
    blockers: [{ code: parseCause(said) ?? "unknown", detail }],
  });
}

function findLack(inside: Reading, hasFilter: boolean): string | undefined {
  if (valueAt(inside, "no-new-privs") !== 1) return "no_new_privs is not set";
  if (hasFilter && valueAt(inside, "seccomp-mode") !== 2) return "no system call filter is loaded";
  return valueAt(inside, "capabilities-effective") === 0 ? undefined : "capabilities are left";
}
