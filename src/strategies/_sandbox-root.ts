/** The root that sandboxes see: the host's programs, what was granted, and nothing else. Pure. */
import { isWithin, privateSizeBytes, type Job } from "../model/job.ts";
import type { RootStep } from "../model/root-step.ts";
import { grantSteps, orderedGrants, type LayerPlan } from "./_grant-steps.ts";
import { baseSteps, withFiles } from "./_layout-steps.ts";
import { maskedConfigurationPaths, maskedProcPaths, readOnlyProcPaths } from "./_system-paths.ts";
import { secretSteps } from "./_secrets.ts";

/** The job's user inside. */
export const jobUser = { name: "job", uid: 1000, gid: 1000, home: "/home/job" } as const;

/** Where a job without a workspace of the host's starts. */
export const emptyWorkspace = "/workspace";

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
  const hosts = `127.0.0.1 localhost ${jobUser.name}\n::1 localhost\n`;
  return [
    { step: "file", destination: "/etc/hosts", content: hosts },
    ...(job.directPorts === undefined
      ? []
      : [{ step: "file", destination: "/etc/resolv.conf", content: "nameserver 127.0.0.1\n" } as const]),
  ];
}

/** A link where a grant is to be mounted would be in its way. */
function linkUnlessGranted(job: Job, destination: string, target: string): RootStep[] {
  const layered = job.workspace.mode === "cow" ? [job.workspace] : [];
  const { directories, files } = job.layout;
  const placed = [...layered, ...orderedGrants(job), ...directories, ...files];
  const isGranted = placed.some(({ path }) => isWithin(path, destination));
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

/** What is the job's own, or granted, on top of the programs that it sees. */
function ownSteps(job: Job, mapOwners: boolean, layer: LayerPlan): RootStep[] {
  return [
    ...accountFiles(job),
    ...nameResolution(job),
    ...privateDirectories(job),
    ...workspaceSteps(job),
    ...grantSteps(job, mapOwners, layer),
    ...secretSteps(job),
  ];
}

/** Where a root of the job's has something else than its programs, so that another root has to leave room for it. */
export function placesInRoot(job: Job): string[] {
  const own = ownSteps(job, false, { step: "overlay" }).flatMap((step) =>
    step.step === "mirror" ? [] : [step.destination],
  );
  const shared = ["/etc", "/var"];
  return [
    ...own.filter((path) => !shared.includes(path)),
    ...job.layout.files.map(({ path }) => path),
    "/proc",
    "/dev",
    // The kernel's own: no job has one.
    "/sys",
  ];
}

/**
 * All steps. `mapOwners`: called by root, so granted paths are shown as the job's own. `layer`: how a copy-on-write
 * workspace is made; without any it is shown read-only.
 */
export function sandboxRoot(job: Job, mapOwners: boolean, layer: LayerPlan = { step: "overlay" }): RootStep[] {
  const { root, denied } = job.layout;
  const configuration = root === undefined ? maskedConfigurationPaths : [];
  return [
    ...withFiles([...baseSteps(job, mapOwners), ...ownSteps(job, mapOwners, layer)], job),
    ...[...job.hidden, ...denied].map((destination): RootStep => ({ step: "mask", destination })),
    { step: "proc", destination: "/proc" },
    ...readOnlyProcPaths.map((destination): RootStep => ({ step: "read-only", destination })),
    ...[...configuration, ...maskedProcPaths].map((destination): RootStep => ({
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
