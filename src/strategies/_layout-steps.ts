/** What a job's root has beyond every job's: another root to begin with, and what of its own was asked for. Pure. */
import { isWithin, privateSizeBytes, type Job } from "../model/job.ts";
import type { RootEntry } from "../model/layout.ts";
import type { RootStep } from "../model/root-step.ts";
import { configurationPaths, systemPaths } from "./_system-paths.ts";

type Bind = Extract<RootStep, { step: "bind" }>;
type Tmpfs = Extract<RootStep, { step: "tmpfs" }>;

function entryStep(entry: RootEntry, source: string, mapOwners: boolean): RootStep {
  switch (entry.kind) {
    case "link":
      return { step: "symlink", destination: entry.path, target: entry.target };
    case "directory":
      return { step: "directory", destination: entry.path, mode: 0o755 };
    case "shown":
      return {
        step: "bind",
        source: `${source}${entry.path}`,
        destination: entry.path,
        writable: false,
        mapOwner: mapOwners ? "if-possible" : "no",
        optional: false,
      };
  }
}

/** The host's programs, or what another root has. */
export function baseSteps({ layout }: Job, mapOwners: boolean): RootStep[] {
  const { root } = layout;
  if (root !== undefined) return root.entries.map((entry) => entryStep(entry, root.source, mapOwners));
  return [
    ...systemPaths.map((path): RootStep => ({ step: "mirror", path })),
    { step: "directory", destination: "/etc", mode: 0o755 },
    ...configurationPaths.map((path): RootStep => ({ step: "mirror", path })),
  ];
}

/** Private directories that were asked for: of the size that was, and never above a cap on all of them. */
export function ownDirectorySteps({ layout, limits }: Job): Tmpfs[] {
  return layout.directories.map(({ path, sizeBytes = privateSizeBytes.each }) => ({
    step: "tmpfs",
    destination: path,
    mode: 0o700,
    sizeBytes: Math.min(sizeBytes, limits.diskBytes ?? sizeBytes),
    filesMax: limits.diskFiles,
    owned: true,
    writable: true,
  }));
}

/** Directories between a writable one and a name in it, which stay where they are once something is mounted on them. */
function heldInPlace(name: string, writable: readonly string[]): string[] {
  const holder = writable.filter((path) => isWithin(name, path)).toSorted((one, other) => other.length - one.length)[0];
  const parts = holder === undefined ? [] : name.slice(holder.length + 1).split("/");
  return parts.slice(1).map((_, index) => `${holder}/${parts.slice(0, index + 1).join("/")}`);
}

/**
 * Protected names in what is written through: read-only in their place. A mount point cannot be renamed or removed
 * (EBUSY), but what holds one can, so that is mounted on itself.
 */
export function keptNameSteps({ layout }: Job, writable: readonly string[], mapOwners: boolean): Bind[] {
  const bind = (path: string, isWritable: boolean): Bind => ({
    step: "bind",
    source: path,
    destination: path,
    writable: isWritable,
    mapOwner: mapOwners ? (isWritable ? "must" : "if-possible") : "no",
    optional: false,
  });
  const holders = new Set(layout.keptNames.flatMap((name) => heldInPlace(name, writable)));
  return [
    ...[...holders].map((path) => bind(path, true)),
    ...layout.keptNames.filter((name) => !holders.has(name)).map((path) => bind(path, false)),
  ];
}

/** Written files, which stand in the place of what the root has there by itself. */
export function withFiles(steps: readonly RootStep[], { layout }: Job): RootStep[] {
  const paths = new Set(layout.files.map(({ path }) => path));
  const isReplaced = (step: RootStep): boolean => paths.has(step.step === "mirror" ? step.path : step.destination);
  const files = layout.files.map(({ path, content }): RootStep => ({ step: "file", destination: path, content }));
  return paths.size === 0 ? [...steps] : [...steps.filter((step) => !isReplaced(step)), ...files];
}
