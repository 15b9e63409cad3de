/** The root that sandboxes see: the host's programs, what was granted, and nothing else. Pure. */
import { isWithin, privateSizeBytes, type Grant, type Job } from "../model/job.ts";
import type { RootStep } from "../model/plan.ts";

/** The job's user inside. */
export const jobUser = { name: "job", uid: 1000, gid: 1000, home: "/home/job" } as const;

/** Where a job without a workspace of the host's starts. */
export const emptyWorkspace = "/workspace";

/** Programs and libraries (hier(7)); NixOS and Guix keep theirs in a store. Absent ones are skipped. */
const systemPaths = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix/store",
  "/gnu/store",
  "/run/current-system",
];

/** What programs need of /etc to start and to behave: no accounts, no host names, no credentials. */
const configurationPaths = [
  "ImageMagick-6",
  "alternatives",
  "bash.bashrc",
  "ca-certificates",
  "ca-certificates.conf",
  "crypto-policies",
  "debian_version",
  "fonts",
  "gai.conf",
  "inputrc",
  "java-11-openjdk",
  "java-17-openjdk",
  "java-21-openjdk",
  "java-25-openjdk",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "magic",
  "maven",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "perl",
  "php",
  "pki",
  "profile",
  "protocols",
  "python3",
  "python3.11",
  "python3.12",
  "python3.13",
  "services",
  "shells",
  "ssl",
  "terminfo",
  "timezone",
  "xattr.conf",
].map((name) => `/etc/${name}`);

/**
 * /proc entries that speak of the whole host. Read-only for every caller: a process with outside id 0 may write sysctls
 * without any capability.
 */
const readOnlyProcPaths = ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"];

/** /proc entries that show other users' or the kernel's own (OCI runtimes mask the same). */
const maskedProcPaths = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/key-users",
  "/proc/kmsg",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
];

/** Keys of servers, for the caller who is in the group that may read them. */
const maskedConfigurationPaths = ["/etc/ssl/private", "/etc/pki/tls/private"];

/** The job's home: out of the way where a grant would cover it. */
export function jobHome({ grants }: Pick<Job, "grants">): string {
  return grants.some(({ path }) => isWithin(jobUser.home, path)) ? "/run/job" : jobUser.home;
}

function accountFiles(job: Job): RootStep[] {
  const { name, uid, gid } = jobUser;
  const home = jobHome(job);
  const nobody = "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin";
  return [
    {
      step: "file",
      destination: "/etc/passwd",
      content: `root:x:0:0:root:/:/usr/sbin/nologin\n${name}:x:${uid}:${gid}:${name}:${home}:/bin/sh\n${nobody}\n`,
    },
    { step: "file", destination: "/etc/group", content: `root:x:0:\n${name}:x:${gid}:\nnogroup:x:65534:\n` },
    { step: "file", destination: "/etc/hostname", content: `${name}\n` },
  ];
}

function nameResolution(job: Job): RootStep[] {
  if (job.network === "host") {
    return Object.entries(job.nameResolution).map(([destination, source]) => ({
      step: "bind",
      source,
      destination,
      writable: false,
      mapOwner: "no",
      optional: true,
    }));
  }
  return [{ step: "file", destination: "/etc/hosts", content: `127.0.0.1 localhost ${jobUser.name}\n::1 localhost\n` }];
}

/** A link where a grant is to be mounted would be in its way. */
function linkUnlessGranted(job: Job, destination: string, target: string): RootStep[] {
  const layered = job.workspace.mode === "cow" ? [job.workspace] : [];
  const isGranted = [...layered, ...orderedGrants(job)].some(({ path }) => isWithin(path, destination));
  return isGranted ? [] : [{ step: "symlink", destination, target }];
}

/** Of each private file system; without a cap of the caller's this large at most. */
function privateSize(
  { limits }: Pick<Job, "limits">,
  defaultBytes: number,
): { sizeBytes: number; filesMax?: number | undefined } {
  return { sizeBytes: limits.diskBytes ?? defaultBytes, filesMax: limits.diskFiles };
}

function privateDirectories(job: Job): RootStep[] {
  const tmpfs = { step: "tmpfs", ...privateSize(job, privateSizeBytes.each), owned: true, writable: true } as const;
  return [
    { ...tmpfs, destination: "/tmp", mode: 0o1777 },
    { ...tmpfs, destination: jobHome(job), mode: 0o700 },
    { step: "directory", destination: "/run", mode: 0o755 },
    { step: "directory", destination: "/var", mode: 0o755 },
    ...linkUnlessGranted(job, "/var/tmp", "/tmp"),
    ...linkUnlessGranted(job, "/var/run", "/run"),
  ];
}

/** Grants in the order in which they can be mounted: what holds another comes first. Write wins over read. */
export function orderedGrants(job: Job): Grant[] {
  const grants = new Map<string, Grant>();
  const { workspace } = job;
  const own: Grant[] =
    workspace.mode === "empty" || workspace.mode === "cow"
      ? []
      : [{ path: workspace.path, access: workspace.mode === "rw" ? "write" : "read" }];
  for (const grant of [...own, ...job.grants]) {
    if (grants.get(grant.path)?.access !== "write") grants.set(grant.path, grant);
  }
  return [...grants.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A read grant of what is shown anyway needs no mount, unless a writable one lies around it. */
function isShownAnyway(grant: Grant, all: readonly Grant[]): boolean {
  const isWritableAround = all.some(({ path, access }) => access === "write" && isWithin(grant.path, path));
  return grant.access === "read" && !isWritableAround && systemPaths.some((path) => isWithin(grant.path, path));
}

/** How a copy-on-write workspace is made here. */
export type LayerStep = Extract<RootStep, { step: "overlay" | "copy" }>["step"] | "none";

function layerSteps({ workspace }: Job, step: LayerStep, mapOwners: boolean): PlacedStep[] {
  if (workspace.mode !== "cow") return [];
  const { path } = workspace;
  if (step === "none") return grantsToSteps([{ path, access: "read" }], mapOwners);
  if (step === "copy") return [{ step, source: path, destination: path }];
  return [{ step, source: path, destination: path, mapOwner: mapOwners ? "must" : "no" }];
}

type PlacedStep = Extract<RootStep, { step: "bind" | "overlay" | "copy" }>;

function bindSteps(job: Job, mapOwners: boolean): PlacedStep[] {
  const grants = orderedGrants(job);
  return grantsToSteps(
    grants.filter((grant) => !isShownAnyway(grant, grants)),
    mapOwners,
  );
}

function grantsToSteps(grants: readonly Grant[], mapOwners: boolean): PlacedStep[] {
  return grants.map((grant) => ({
    step: "bind",
    source: grant.path,
    destination: grant.path,
    writable: grant.access === "write",
    mapOwner: mapOwners ? (grant.access === "write" ? "must" : "if-possible") : "no",
    optional: false,
  }));
}

function workspaceSteps(job: Job): RootStep[] {
  if (job.workspace.mode !== "empty") return [];
  return [
    {
      step: "tmpfs",
      destination: emptyWorkspace,
      mode: 0o700,
      ...privateSize(job, privateSizeBytes.each),
      owned: true,
      writable: true,
    },
  ];
}

/** What holds another comes first, and a grant comes after a layer in the same place. */
function grantSteps(job: Job, mapOwners: boolean, layer: LayerStep): RootStep[] {
  const steps = [...layerSteps(job, layer, mapOwners), ...bindSteps(job, mapOwners)];
  return steps.sort((one, other) =>
    one.destination === other.destination ? 0 : one.destination < other.destination ? -1 : 1,
  );
}

/**
 * All steps. `mapOwners`: called by root, so granted paths are shown as the job's own. `layer`: how a copy-on-write
 * workspace is made; without any it is shown read-only.
 */
export function sandboxRoot(job: Job, mapOwners: boolean, layer: LayerStep = "overlay"): RootStep[] {
  return [
    ...systemPaths.map((path): RootStep => ({ step: "mirror", path })),
    { step: "directory", destination: "/etc", mode: 0o755 },
    ...configurationPaths.map((path): RootStep => ({ step: "mirror", path })),
    ...accountFiles(job),
    ...nameResolution(job),
    ...privateDirectories(job),
    ...workspaceSteps(job),
    ...grantSteps(job, mapOwners, layer),
    ...job.hidden.map((destination): RootStep => ({ step: "mask", destination })),
    { step: "proc", destination: "/proc" },
    ...readOnlyProcPaths.map((destination): RootStep => ({ step: "read-only", destination })),
    ...[...maskedConfigurationPaths, ...maskedProcPaths].map((destination): RootStep => ({
      step: "mask",
      destination,
    })),
    {
      step: "devices",
      destination: "/dev",
      shmBytes: job.limits.diskBytes ?? privateSizeBytes.sharedMemory,
      shmFilesMax: job.limits.diskFiles,
    },
    { step: "read-only", destination: "/" },
  ];
}
