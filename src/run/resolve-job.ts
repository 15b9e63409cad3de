/** Turns a request into a whole job: paths made canonical, defaults filled in, demands derived. */
import { realpathSync, statSync } from "node:fs";
import type { Host } from "../host/host.ts";
import { ancestorsOf } from "../host/private-directory.ts";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import { guaranteeIds, isolationSet, type GuaranteeId } from "../model/guarantee.ts";
import { isWithin, writesWorkspace, type Demands, type Grant, type Job, type Workspace } from "../model/job.ts";
import type { JobRequest } from "./job-request.ts";
import { listHomes } from "./home-directories.ts";
import { kernelMountsWithin } from "./kernel-mounts.ts";
import { realPath } from "./real-path.ts";
import type { ToolGrants } from "./tool-grants.ts";

/** The launcher takes 1,024 steps of a root; the others are cupel's own and those of `--tools`. */
const grantsMax = 700;

/** Default caps; see DESIGN, "Default limits". */
const defaultPids = 4096;
const memoryShare = 0.75;
const defaultGraceMs = 2000;

/** Places that are everybody's or the system's: never taken as a workspace unless named. */
const commonDirectories = [
  "/",
  "/tmp",
  "/var",
  "/var/tmp",
  "/home",
  "/root",
  "/etc",
  "/usr",
  "/run",
  "/opt",
  "/srv",
  "/mnt",
];

/** The kernel's own file systems: the job gets its own, and a grant of the host's would undo that. */
const kernelDirectories = ["/proc", "/sys", "/dev"];

/** What else goes into a job. */
export interface JobSurroundings {
  readonly host: Host;
  /** Cupel's own state, which no job may see. */
  readonly stateDirectories: readonly string[];
  readonly tools: ToolGrants | undefined;
}

function canonical(path: string, flag: string, directory: string): string {
  if (path === "") throw new CupelError("usage", `${flag} "" names no path; write one`);
  try {
    return realpathSync.native(path.startsWith("/") ? path : `${directory}/${path}`);
  } catch (error) {
    const errno = errnoOf(error);
    const problem = errno === "ENOENT" ? "does not exist" : `cannot be looked up (${errno})`;
    throw new CupelError("usage", `${flag} ${path} ${problem}; name a path that does`, { cause: error });
  }
}

function refuseUnfit(path: string, flag: string, states: readonly string[]): void {
  if (path === "/")
    throw new CupelError("usage", `${flag} / would grant the whole host; name the directories that the job needs`);
  const kernel = kernelDirectories.find((directory) => isWithin(path, directory));
  if (kernel !== undefined) {
    throw new CupelError("usage", `${flag} ${path} lies under ${kernel}, of which every job has its own; leave it out`);
  }
  const state = states.find((directory) => isWithin(path, directory));
  if (state !== undefined) {
    throw new CupelError(
      "usage",
      `${flag} ${path} lies in cupel's own state (${state}), which no job may see; move it elsewhere`,
    );
  }
}

/** From a writable directory a job could move what holds the mount point away, and put something else there. */
function refuseReadWithinWrite(grants: readonly Grant[]): void {
  const writable = grants.filter(({ access }) => access === "write");
  for (const { path } of grants.filter(({ access }) => access === "read")) {
    const around = writable.find((grant) => grant.path !== path && isWithin(path, grant.path));
    if (around === undefined) continue;
    throw new CupelError(
      "usage",
      `--read ${path} lies in --write ${around.path}, where a job could put something else in its place; leave one of them out`,
    );
  }
}

function resolveGrants(
  request: JobRequest,
  own: readonly Grant[],
  { host, stateDirectories, tools }: JobSurroundings,
): Grant[] {
  const stated = [
    ...request.read.map((path) => ({ path, access: "read" as const, flag: "--read" })),
    ...request.write.map((path) => ({ path, access: "write" as const, flag: "--write" })),
  ];
  const grants = stated.map(({ path, access, flag }): Grant => {
    const resolved = canonical(path, flag, host.directory);
    refuseUnfit(resolved, flag, stateDirectories);
    return { path: resolved, access };
  });
  if (grants.length > grantsMax) {
    throw new CupelError(
      "usage",
      `${grants.length} paths are granted, and at most ${grantsMax} can be; grant the directories that hold them`,
    );
  }
  refuseReadWithinWrite([...own.filter(({ access }) => access === "write"), ...grants]);
  // A tool that lies in what is granted anyway is seen there; its own mount would only be in the way.
  const covered = [...own, ...grants].map(({ path }) => path);
  const toolPaths = (tools?.paths ?? []).filter((path) => !covered.some((directory) => isWithin(path, directory)));
  return [...grants, ...toolPaths.map((path): Grant => ({ path, access: "read" }))];
}

/** Why the current directory is not taken, or undefined. */
function unfitWorkspace(path: string, homes: readonly string[], states: readonly string[]): string | undefined {
  if (commonDirectories.includes(path)) return "it is not one project's";
  const isSystems = [...kernelDirectories, "/run", ...states].some((directory) => isWithin(path, directory));
  if (isSystems) return "it is the system's";
  const isHome = homes.some((home) => isWithin(home, path)) || ancestorsOf(path)[0] === "/home";
  return isHome ? "it holds a whole home directory" : undefined;
}

function resolveWorkspace(request: JobRequest, { host, stateDirectories }: JobSurroundings): Workspace {
  if (request.workspace === "none") return { mode: "empty", why: "" };
  const path = canonical(host.directory, "The current directory", "/");
  const unfit = unfitWorkspace(path, listHomes(host), stateDirectories);
  if (unfit === undefined) return { mode: request.workspace ?? "ro", path };
  if (request.workspace === undefined) {
    return {
      mode: "empty",
      why: `${path} is not taken as the workspace, since ${unfit}; the job starts in an empty one`,
    };
  }
  refuseUnfit(path, `--workspace ${request.workspace} in`, stateDirectories);
  return { mode: request.workspace, path };
}

function parseVariable(text: string, host: Host): [string, string][] {
  const at = text.indexOf("=");
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new CupelError("usage", `--env ${JSON.stringify(text)} names no variable; write NAME=value or NAME`);
  }
  const value = at < 0 ? host.environment[name] : text.slice(at + 1);
  return value === undefined ? [] : [[name, value]];
}

function limitDemands(request: JobRequest, defaults: Job["defaultLimits"]): GuaranteeId[] {
  const stated: readonly (readonly [GuaranteeId, number | undefined])[] = [
    ["limit.time", request.timeoutMs],
    ["limit.cpu", request.cpus],
    ["limit.memory", request.memoryBytes ?? (request.strict ? defaults.memoryBytes : undefined)],
    ["limit.pids", request.pids ?? (request.strict ? defaults.pids : undefined)],
  ];
  return stated.filter(([, value]) => value !== undefined).map(([id]) => id);
}

function resolveDemands(request: JobRequest, isWrittenThrough: boolean, defaults: Job["defaultLimits"]): Demands {
  const opposed: GuaranteeId[] = [
    ...(isWrittenThrough ? (["fs.protected"] as const) : []),
    ...(request.network === "host" ? (["net.none"] as const) : []),
  ];
  const isolation = isolationSet.filter((id) => !opposed.includes(id));
  const wanted = new Set<GuaranteeId>([...isolation, ...limitDemands(request, defaults), ...request.require]);
  const required = guaranteeIds.filter((id) => wanted.has(id));
  return {
    required,
    accepted: request.accept === "all" ? required : request.accept,
    minimum: request.minimum,
    strategy: request.strategy,
    prefer: request.prefer,
  };
}

/** MemAvailable of /proc/meminfo (proc_meminfo(5)), in bytes. Pure. */
export function parseAvailableMemory(meminfo: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo);
  return match === null ? undefined : Number(match[1]) * 1024;
}

function defaultLimits(host: Host): Job["defaultLimits"] {
  const meminfo = host.readText("/proc/meminfo");
  const available = meminfo.ok ? parseAvailableMemory(meminfo.value) : undefined;
  return { pids: defaultPids, memoryBytes: available === undefined ? undefined : Math.floor(available * memoryShare) };
}

function checkDirectory(workspace: Workspace): void {
  if (workspace.mode === "empty" || statSync(workspace.path).isDirectory()) return;
  throw new CupelError(
    "usage",
    `The current directory ${workspace.path} is not a directory any more; change to one that is`,
  );
}

function workspaceGrant(workspace: Workspace): Grant[] {
  return workspace.mode === "empty"
    ? []
    : [{ path: workspace.path, access: workspace.mode === "rw" ? "write" : "read" }];
}

/** Often symlinks into /run, where a job sees nothing. */
const resolverPaths = ["/etc/resolv.conf", "/etc/hosts"];

function nameResolution(): Record<string, string> {
  const existing = resolverPaths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return Object.fromEntries(existing.map((path) => [path, realpathSync.native(path)]));
}

/** Where a directory is, or would be if it were made: the nearest ancestor that exists, resolved, and the rest. */
function canonicalPlace(path: string): string {
  for (const existing of [path, ...ancestorsOf(path)]) {
    const resolved = realPath(existing);
    if (resolved === undefined) continue;
    const rest = path.slice(existing === "/" ? 0 : existing.length);
    return resolved === "/" ? rest : `${resolved}${rest}`;
  }
  return path;
}

/**
 * Cupel's own directories that lie within a grant, made yet or not. A mask keeps a job from reading them; from a
 * writable place around it a job could move the mask's mount point away, and put a report of its own there.
 */
function hiddenWithin(grants: readonly Grant[], states: readonly string[]): string[] {
  for (const { path } of grants.filter(({ access }) => access === "write")) {
    const state = states.find((place) => isWithin(place, path));
    if (state !== undefined) {
      throw new CupelError(
        "usage",
        `${path} cannot be written by a job, since cupel keeps its own state in it (${state}); name a directory below`,
      );
    }
  }
  return states.filter((place) => grants.some(({ path }) => isWithin(place, path)));
}

/** The runtime puts U+FFFD for what it could not decode; a job would get other bytes than it was given. */
function refuseUnreadableWords(words: readonly string[]): void {
  const word = words.find((candidate) => candidate.includes("\uFFFD"));
  if (word === undefined) return;
  throw new CupelError(
    "usage",
    `${JSON.stringify(word)} is not valid UTF-8, which cupel could not pass on unchanged; rename it`,
  );
}

/**
 * The job that `request` stands for, here and now.
 * @throws CupelError `usage` for a path that does not exist or may not be granted, and for what is not a variable.
 */
export function resolveJob(request: JobRequest, given: JobSurroundings): Job {
  refuseUnreadableWords(request.command);
  const { host, tools } = given;
  const stateDirectories = given.stateDirectories.map(canonicalPlace);
  const surroundings = { ...given, stateDirectories };
  const workspace = resolveWorkspace(request, surroundings);
  checkDirectory(workspace);
  const defaults = defaultLimits(host);
  const own = workspaceGrant(workspace);
  const grants = resolveGrants(request, own, surroundings);
  return {
    command: request.command,
    workspace,
    directory: workspace.mode === "empty" ? "/" : workspace.path,
    grants,
    toolDirectories: tools?.directories ?? [],
    network: request.network,
    nameResolution: request.network === "host" ? nameResolution() : {},
    environment: {
      ...tools?.environment,
      ...Object.fromEntries(request.environment.flatMap((text) => parseVariable(text, host))),
    },
    limits: {
      timeoutMs: request.timeoutMs,
      graceMs: request.graceMs ?? defaultGraceMs,
      memoryBytes: request.memoryBytes,
      cpus: request.cpus,
      pids: request.pids,
    },
    defaultLimits: defaults,
    demands: resolveDemands(request, writesWorkspace({ workspace, grants }), defaults),
    hidden: [...hiddenWithin([...own, ...grants], stateDirectories), ...kernelMountsWithin([...own, ...grants], host)],
  };
}
