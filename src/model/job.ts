/** A job: what the caller wants run and what must hold while it runs. */
import type { ArtifactWish } from "./artifact.ts";
import type { GuaranteeId, IsolationClass } from "./guarantee.ts";
import type { IpAddress } from "./ip-address.ts";
import type { Layout } from "./layout.ts";

/** What is done with the changes of a job that has a copy-on-write workspace: nothing before the caller says so, … */
export const applyModes = ["never", "ask", "on-success"] as const;

/** One of {@link applyModes}. */
export type ApplyMode = (typeof applyModes)[number];

/** The host's files to read, and a layer of the job's own for what it changes. */
export interface CopyOnWrite {
  readonly mode: "cow";
  readonly path: string;
  /** Asked for. Otherwise it is worth an overlay, and no copy: without overlays the workspace is then read-only. */
  readonly isStated: boolean;
  /**
   * How it is to be made: an overlay where the host has them (`fuse`: by a program, where the kernel has no place for its
   * layer), or in any case a copy.
   */
  readonly manner: "overlay" | "fuse" | "copy";
  /** Globs of what is not worth keeping of the changes. */
  readonly ignore: readonly string[];
  readonly apply: ApplyMode;
}

/** What becomes of the workspace. */
export type Workspace =
  | CopyOnWrite
  /** `why` it is not copy-on-write is said to the caller. */
  | { readonly mode: "ro"; readonly path: string; readonly why?: string | undefined }
  | { readonly mode: "rw"; readonly path: string }
  /** A private, empty directory: nothing of the host. `why` is said to the caller. */
  | { readonly mode: "empty"; readonly why: string };

/** A path of the host that the job may use. Canonical and absolute. */
export interface Grant {
  readonly path: string;
  readonly access: "read" | "write";
}

/** What becomes of a job that writes more than it may: it goes on and the rest is dropped, or it is ended. */
export const outputActions = ["truncate", "kill"] as const;

/** One of {@link outputActions}. */
export type OutputAction = (typeof outputActions)[number];

/** Caps on each process of the job's by itself (setrlimit(2)): no promise about the tree. */
export interface ProcessLimits {
  readonly openFiles?: number | undefined;
  /** Largest file that may be written. */
  readonly fileBytes?: number | undefined;
  /** Largest core file; none unless told. */
  readonly coreBytes?: number | undefined;
}

/** Caps. An absent one is not asked for. Each is on the whole tree, but for {@link ProcessLimits}. */
export interface Limits {
  readonly timeoutMs?: number | undefined;
  /** Time between SIGTERM and SIGKILL when the time is up. */
  readonly graceMs: number;
  readonly memoryBytes?: number | undefined;
  /** CPUs' worth of time: 0.5 is half of one. */
  readonly cpus?: number | undefined;
  readonly pids?: number | undefined;
  /** CPU time used up, by all processes together. */
  readonly cpuTimeMs?: number | undefined;
  /** Time without output. */
  readonly idleMs?: number | undefined;
  /** Standard output, error and terminal together. */
  readonly outputBytes?: number | undefined;
  readonly onOutput?: OutputAction | undefined;
  /** Of each private file system: /tmp, home, /dev/shm, an empty workspace. */
  readonly diskBytes?: number | undefined;
  readonly diskFiles?: number | undefined;
  /** Of the layer of a copy-on-write workspace. */
  readonly layerBytes?: number | undefined;
  /** Bytes a second, read from each of {@link disks}. */
  readonly ioReadBytes?: number | undefined;
  /** Bytes a second, written to each of them. */
  readonly ioWriteBytes?: number | undefined;
  /** Whole disks, MAJOR:MINOR, that hold what the job reaches; looked for only where one of the two caps is stated. */
  readonly disks?: readonly string[] | undefined;
  readonly perProcess?: ProcessLimits | undefined;
}

const gibibyte = 1024 ** 3;

/** Sizes that private file systems have where no cap is stated. */
export const privateSizeBytes = { each: 2 * gibibyte, sharedMemory: gibibyte } as const;

/** What must hold, beyond which strategies may be taken. */
export interface Demands {
  /** Every guarantee that must be kept. */
  readonly required: readonly GuaranteeId[];
  /** Those of {@link required} that the caller gives up by name. Recorded in the outcome. */
  readonly accepted: readonly GuaranteeId[];
  /** Floor of isolation, if the caller set one. */
  readonly minimum?: IsolationClass | undefined;
  /** Only this strategy, if the caller named one. */
  readonly strategy?: string | undefined;
  readonly prefer: "fastest" | "strongest";
  /** Whether attacks have to have failed against every demanded guarantee, in this very sandbox. */
  readonly verified?: boolean | undefined;
}

/** Which system calls a job may make. */
export const seccompProfileNames = ["default", "strict", "compat"] as const;

/** One of {@link seccompProfileNames}. */
export type SeccompProfileName = (typeof seccompProfileNames)[number];

/** What a job may reach: nothing but a loopback of its own, the host's network, or nothing, without a socket to try. */
export const networkModes = ["none", "no-sockets", "host"] as const;

/** One of {@link networkModes}. */
export type NetworkMode = (typeof networkModes)[number];

/** What a job of {@link NetworkMode}, or one that lists what it may connect to, has. */
export const jobNetworks = [...networkModes, "allow"] as const;

/** One of {@link jobNetworks}. */
export type JobNetwork = (typeof jobNetworks)[number];

/** How a job gets a secret: as a file, behind a descriptor, or not at all, since a header that the proxy puts in names it. */
export type SecretDelivery = "file" | "descriptor" | "proxy";

/** A secret of the job's, by its name. Its value, and where that comes from, is no part of the job. */
export interface JobSecret {
  readonly name: string;
  readonly delivery: SecretDelivery;
}

/** A header that the proxy puts into requests to one host, in the place of what the job sent under its name. */
export interface HeaderInjection {
  /** `api.example.com:443`. */
  readonly host: string;
  readonly header: string;
  /** With names of secrets in braces: `Bearer {TOKEN}`. */
  readonly value: string;
}

/** A port of the job's own loopback that is reached through one of the host's. */
export interface PublishedPort {
  /** The host's, on which connections are taken. */
  readonly address: IpAddress;
  /** 0: any that is free. */
  readonly port: number;
  readonly jobPort: number;
}

/** What runs before a job's command, in the same sandbox. */
export interface Setup {
  readonly command: readonly [string, ...string[]];
  /** What it may connect to beside the job's own loopback, and nothing of that once it has ended. */
  readonly allowedHosts: readonly string[];
}

/** One job, complete: every default is filled in. */
export interface Job {
  readonly command: readonly [string, ...string[]];
  readonly workspace: Workspace;
  /** Working directory of the job, absolute. */
  readonly directory: string;
  readonly grants: readonly Grant[];
  /** Directories that go in front of the job's PATH: the caller's, granted by `--tools`. */
  readonly toolDirectories: readonly string[];
  readonly network: JobNetwork;
  /** With `allow`: what the job may connect to, `api.example.com:443`; each was read as a rule. */
  readonly allowedHosts: readonly string[];
  /** Ports at which connections to any address are taken to the list; absent where programs have to know of the proxy. */
  readonly directPorts?: readonly number[] | undefined;
  /** Absent where nothing runs before the command. */
  readonly setup?: Setup | undefined;
  /** Ports of the job's that the host reaches; absent where there are none. */
  readonly published?: readonly PublishedPort[] | undefined;
  /** With `allow`: headers that the proxy puts in; absent where there are none. */
  readonly injections?: readonly HeaderInjection[] | undefined;
  /** Absent where there are none. */
  readonly secrets?: readonly JobSecret[] | undefined;
  /** Whether their values are taken out of what the job writes; absent where they are not. */
  readonly masksOutput?: true | undefined;
  /** With the host's network: what name resolution reads, by where the job looks for it; sources are canonical. */
  readonly nameResolution: Readonly<Record<string, string>>;
  readonly seccomp: SeccompProfileName;
  /** Exactly the variables of the job, but for those that the strategy must set (HOME, PATH, …) when absent here. */
  readonly environment: Readonly<Record<string, string>>;
  /** `private`: a terminal of its own, relayed to the caller's. */
  readonly terminal: "none" | "private";
  /** Caps that the caller stated: each is a demand. */
  readonly limits: Limits;
  /** Caps that cupel applies where it can; `--strict` makes them demands. */
  readonly defaultLimits: Pick<Limits, "memoryBytes" | "pids">;
  readonly demands: Demands;
  /** Absent where nothing is to be collected from the workspace. */
  readonly artifacts?: ArtifactWish | undefined;
  /** Directories that no job may see: cupel's own state. */
  readonly hidden: readonly string[];
  readonly layout: Layout;
}

/** Whether the job may make sockets at all, but for connected pairs. */
export function makesSockets({ network, seccomp }: Pick<Job, "network" | "seccomp">): boolean {
  return network !== "no-sockets" && seccomp !== "strict";
}

/** Whether anything that the job runs may connect to what it lists. */
export function listsDestinations({ network, setup }: Pick<Job, "network" | "setup">): boolean {
  return network === "allow" || (setup !== undefined && setup.allowedHosts.length > 0);
}

/** Whether `path` is `directory` or lies in it; both canonical and absolute. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** Whether the job may change something of the workspace: all of it, or what a write grant has in common with it. */
export function writesWorkspace({ workspace, grants }: Pick<Job, "workspace" | "grants">): boolean {
  if (workspace.mode === "empty") return false;
  const { path } = workspace;
  const overlaps = (grant: Grant): boolean => isWithin(grant.path, path) || isWithin(path, grant.path);
  return workspace.mode === "rw" || grants.some((grant) => grant.access === "write" && overlaps(grant));
}
