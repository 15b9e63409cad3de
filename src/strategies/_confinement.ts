/** What a job may use of the caller's own view, where it has no other. Pure. */
import { isUsable, type Standings } from "../model/capability.ts";
import { isWithin, type Job } from "../model/job.ts";
import type { ConfinementPlan, PathRule } from "../model/plan.ts";
import { orderedGrants } from "./_grant-steps.ts";
import { configurationPaths, maskedConfigurationPaths, systemPaths } from "./_system-paths.ts";

/** Landlock's version, where it is usable. */
export function landlockVersion(matrix: Standings): number | undefined {
  const standing = matrix["landlock.file-system"];
  return isUsable(standing) && typeof standing?.value === "number" ? standing.value : undefined;
}

/** Jobs that have no network of their own have none: a socket that can be made leads to the host's. */
export function makesNoSocket({ network }: Job): boolean {
  return network === "none" || network === "no-sockets";
}

/** What this job asks for that only a mount makes; undefined where there is nothing. */
export function needsMounts({ layout }: Job): string | undefined {
  const asked = [
    ...(layout.root === undefined ? [] : ["another root (--root)"]),
    ...(layout.denied.length === 0 ? [] : ["to hide something of what is granted (--deny)"]),
    ...(layout.directories.length === 0 ? [] : ["a private directory at a path of its own (--tmpfs)"]),
    ...(layout.files.length === 0 ? [] : ["a file at a path of its own (--file)"]),
  ];
  return asked[0] === undefined ? undefined : `${asked[0]} takes a mount`;
}

/** What no job may see, within what this one is granted: Landlock denies nothing there. */
export function hiddenWithin(job: Job): string | undefined {
  const paths = orderedGrants(job).map(({ path }) => path);
  const hidden = job.hidden.find((directory) => paths.some((path) => isWithin(directory, path)));
  return hidden === undefined
    ? undefined
    : `cupel's own ${hidden} lies within what is granted, and Landlock denies nothing there`;
}

/** A path of the host's that is granted and lies in `place`, or holds it. */
export function grantAround(job: Job, place: string): string | undefined {
  return orderedGrants(job).find(({ path }) => isWithin(path, place) || isWithin(place, path))?.path;
}

/** In the place of a directory that also holds what no job may read. */
const publicParts: Readonly<Record<string, readonly string[]>> = {
  "/etc/ssl": ["certs", "openssl.cnf"],
  "/etc/pki": ["ca-trust", "tls/cert.pem", "tls/certs", "tls/openssl.cnf"],
};

function publicPaths(path: string): string[] {
  const isWhole = !maskedConfigurationPaths.some((masked) => isWithin(masked, path));
  return isWhole ? [path] : (publicParts[path] ?? []).map((part) => `${path}/${part}`);
}

const devices = ["null", "zero", "full", "random", "urandom", "tty"].map((name) => `/dev/${name}`);

function everyone(path: string, access: PathRule["access"]): PathRule {
  return { path, access, optional: true };
}

/** Programs and libraries, /proc, six devices; with the host's network, how its names are found. */
function commonRules(job: Job): PathRule[] {
  const resolver = job.network === "host" ? Object.values(job.nameResolution) : [];
  const readable = [...systemPaths, ...configurationPaths.flatMap(publicPaths), ...resolver, "/proc"];
  return [...readable.map((path) => everyone(path, "read")), ...devices.map((path) => everyone(path, "device"))];
}

function grantedRules(job: Job): PathRule[] {
  const { workspace } = job;
  const layered = workspace.mode === "cow" ? [{ path: workspace.path, access: "read" } as const] : [];
  return [...layered, ...orderedGrants(job)].map(({ path, access }) => ({ path, access, optional: false }));
}

/** Rules of the job, and what its directory of its own is for. */
export function confinementOf(job: Job): ConfinementPlan {
  return {
    rules: [...commonRules(job), ...grantedRules(job)],
    scratch: {
      variables: { HOME: "home", TMPDIR: "tmp" },
      directory: job.workspace.mode === "empty" ? "workspace" : undefined,
    },
  };
}
