/** Turns a request into a whole job: paths made canonical, defaults filled in, demands derived. */
import { realpathSync, statSync } from "node:fs";
import type { Host } from "../host/host.ts";
import { procField } from "../host/proc-field.ts";
import { CupelError } from "../model/error.ts";
import { plainLayout } from "../model/layout.ts";
import { privateSizeBytes, type Job } from "../model/job.ts";
import { canonicalPlace, hiddenWithin, refuseConfiguration, resolveGrants, type JobSurroundings } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { kernelMountsWithin } from "./kernel-mounts.ts";
import type { StatedLimits } from "./limit-fields.ts";
import { resolveDemands } from "./resolve-demands.ts";
import { checkDirectory, resolveWorkspace, workspaceGrant } from "./resolve-workspace.ts";

/** Default caps; see DESIGN, "Default limits". */
const defaultPids = 4096;
const memoryShare = 0.75;
const defaultGraceMs = 2000;

function parseVariable(text: string, host: Host): [string, string][] {
  const at = text.indexOf("=");
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new CupelError("usage", `--env ${JSON.stringify(text)} names no variable; write NAME=value or NAME`);
  }
  const value = at < 0 ? host.environment[name] : text.slice(at + 1);
  return value === undefined ? [] : [[name, value]];
}

/** MemAvailable of /proc/meminfo (proc_meminfo(5)), in bytes. Pure. */
export function parseAvailableMemory(meminfo: string): number | undefined {
  const [kibibytes, unit] = procField(meminfo, "MemAvailable")?.split(" ") ?? [];
  const count = Number.parseInt(kibibytes ?? "", 10);
  return unit === "kB" && Number.isFinite(count) ? count * 1024 : undefined;
}

function defaultLimits(host: Host): Job["defaultLimits"] {
  const meminfo = host.readText("/proc/meminfo");
  const available = meminfo.ok ? parseAvailableMemory(meminfo.value) : undefined;
  return { pids: defaultPids, memoryBytes: available === undefined ? undefined : Math.floor(available * memoryShare) };
}

/** What is applied where no cap is stated, of each the least: how long a job has to end, and no core files. */
export function defaultCaps(host: Host): StatedLimits {
  const { pids, memoryBytes } = defaultLimits(host);
  return { graceMs: defaultGraceMs, pids, memoryBytes, diskBytes: privateSizeBytes.sharedMemory, coreBytes: 0 };
}

/** @throws CupelError `usage` for what is to become of output over a cap that there is not. */
function limitsOf(request: JobRequest): Job["limits"] {
  if (request.onOutput !== undefined && request.outputBytes === undefined) {
    throw new CupelError(
      "usage",
      `what becomes of too much output is said (${request.onOutput}), but not how much that is; give --output-size (limits.output_size), too`,
    );
  }
  const { openFiles, fileBytes, coreBytes } = request;
  const hasOwn = [openFiles, fileBytes, coreBytes].some((cap) => cap !== undefined);
  return {
    timeoutMs: request.timeoutMs,
    graceMs: request.graceMs ?? defaultGraceMs,
    memoryBytes: request.memoryBytes,
    cpus: request.cpus,
    pids: request.pids,
    cpuTimeMs: request.cpuTimeMs,
    idleMs: request.idleMs,
    outputBytes: request.outputBytes,
    onOutput: request.onOutput,
    diskBytes: request.diskBytes,
    diskFiles: request.diskFiles,
    layerBytes: request.layerBytes,
    ioReadBytes: request.ioReadBytes,
    ioWriteBytes: request.ioWriteBytes,
    perProcess: hasOwn ? { openFiles, fileBytes, coreBytes } : undefined,
  };
}

/** Often symlinks into /run, where a job sees nothing. */
const resolverPaths = ["/etc/resolv.conf", "/etc/hosts"];

function nameResolution(): Record<string, string> {
  const existing = resolverPaths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return Object.fromEntries(existing.map((path) => [path, realpathSync.native(path)]));
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

/** The one profile that lets no job make a socket, and a network that is of no use without one. */
function refuseUselessNetwork(request: JobRequest): void {
  const isWanted = request.network === "host" || request.allowedHosts.length > 0;
  if (!isWanted || request.seccomp !== "strict") return;
  const place = ["network", "allow-host", "seccomp"]
    .map((flag) => statedAs(request, flag))
    .find((stated) => !stated.startsWith("--"));
  const prefix = place === undefined ? "" : `${place}: `;
  throw new CupelError(
    "usage",
    `${prefix}the seccomp profile strict lets a job make no socket, so no network is of use to it; take the default profile, or leave the network out`,
  );
}

/**
 * The job that `request` stands for, here and now.
 * @throws CupelError `usage` for a path that does not exist or may not be granted, for what is not a variable, for the
 * a network without sockets, and for output over no cap.
 */
export function resolveJob(request: JobRequest, given: JobSurroundings): Job {
  refuseUnreadableWords(request.command);
  refuseUselessNetwork(request);
  const { host, tools } = given;
  const stateDirectories = given.stateDirectories.map(canonicalPlace);
  const surroundings = { ...given, stateDirectories };
  const workspace = resolveWorkspace(request, surroundings);
  checkDirectory(workspace);
  const defaults = defaultLimits(host);
  const own = workspaceGrant(workspace);
  const grants = resolveGrants(request, own, surroundings);
  const granted = [...own, ...grants];
  const hidden = [...hiddenWithin(granted, stateDirectories), ...kernelMountsWithin(granted, host)];
  refuseConfiguration(granted, host);
  return {
    command: request.command,
    workspace,
    directory: workspace.mode === "empty" ? "/" : workspace.path,
    grants,
    toolDirectories: tools?.directories ?? [],
    network: request.allowedHosts.length > 0 ? "allow" : request.network,
    allowedHosts: [...new Set(request.allowedHosts)],
    ...(given.directPorts === undefined ? {} : { directPorts: given.directPorts }),
    setup: given.setup,
    published: given.published,
    seccomp: request.seccomp,
    nameResolution: request.network === "host" ? nameResolution() : {},
    environment: {
      ...tools?.environment,
      ...(request.terminal === "private" ? Object.fromEntries(parseVariable("TERM", host)) : {}),
      ...Object.fromEntries(request.environment.flatMap((text) => parseVariable(text, host))),
    },
    terminal: request.terminal,
    limits: limitsOf(request),
    defaultLimits: defaults,
    demands: resolveDemands(request, { workspace, grants }, defaults),
    hidden,
    layout: plainLayout,
  };
}
