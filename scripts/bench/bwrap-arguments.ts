/** The bwrap command that sets up what a plan of cupel's launcher does: the same namespaces, the same mounts. */
import type { LauncherPlan, NamespaceKind } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";

/** What a path of this host is, as far as a mirror of it goes. */
export type HostEntry = "absent" | "other" | { readonly link: string };

/** Arguments, and the contents that bwrap reads from descriptors: a number stands in the arguments for each. */
export interface BwrapCommand {
  readonly words: readonly string[];
  readonly contents: Readonly<Record<number, string>>;
}

const namespaceFlags: Readonly<Record<NamespaceKind, string | undefined>> = {
  user: "--unshare-user",
  // It always makes one.
  mount: undefined,
  pid: "--unshare-pid",
  ipc: "--unshare-ipc",
  uts: "--unshare-uts",
  cgroup: "--unshare-cgroup",
  network: "--unshare-net",
};

const alwaysWords = ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"];

const firstDescriptor = 20;

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

function mirrorWords(path: string, entry: HostEntry): string[] {
  if (entry === "absent") return [];
  return entry === "other" ? ["--ro-bind", path, path] : ["--symlink", entry.link, path];
}

function tmpfsWords(destination: string, mode: number, sizeBytes: number): string[] {
  return ["--perms", octal(mode), "--size", String(sizeBytes), "--tmpfs", destination];
}

/** bwrap covers the writable directories of /proc by itself, so those steps need no words. */
function readOnlyWords(destination: string): string[] {
  return destination.startsWith("/proc/") ? [] : ["--remount-ro", destination];
}

function maskWords(destination: string, entry: HostEntry, isDirectory: boolean): string[] {
  if (entry === "absent") return [];
  return isDirectory ? tmpfsWords(destination, 0o555, 4096) : ["--ro-bind", "/dev/null", destination];
}

function bindWords({ source, destination, writable, optional }: Extract<RootStep, { step: "bind" }>): string[] {
  return [`--${writable ? "" : "ro-"}bind${optional ? "-try" : ""}`, source, destination];
}

function devicesWords(destination: string, shmBytes: number): string[] {
  return ["--dev", destination, ...tmpfsWords(`${destination}/shm`, 0o1777, shmBytes), "--remount-ro", destination];
}

/** What is asked of the host while translating. */
export interface HostLook {
  entry(path: string): HostEntry;
  isDirectory(path: string): boolean;
}

type ForeignStep = Extract<RootStep, { step: "overlay" | "copy" | "given" }>;

function stepWords(step: RootStep, look: HostLook, describe: (content: string) => number): string[] {
  // Before 0.11 bwrap has no overlays: it shows the directory itself.
  if (step.step === "overlay" || step.step === "copy") return ["--ro-bind", step.source, step.destination];
  // No job that is measured is given a secret.
  if (step.step === "given") throw new Error(`${step.destination} has a content that the plan does not hold`);
  return otherWords(step, look, describe);
}

function otherWords(
  step: Exclude<RootStep, ForeignStep>,
  look: HostLook,
  describe: (content: string) => number,
): string[] {
  switch (step.step) {
    case "mirror":
      return mirrorWords(step.path, look.entry(step.path));
    case "bind":
      return bindWords(step);
    case "tmpfs":
      return tmpfsWords(step.destination, step.mode, step.sizeBytes);
    case "directory":
      return ["--perms", octal(step.mode), "--dir", step.destination];
    case "file":
      return ["--perms", "0444", "--file", String(describe(step.content)), step.destination];
    case "symlink":
      return ["--symlink", step.target, step.destination];
    case "proc":
      return ["--proc", step.destination];
    case "read-only":
      return readOnlyWords(step.destination);
    case "mask":
      return maskWords(step.destination, look.entry(step.destination), look.isDirectory(step.destination));
    case "devices":
      return devicesWords(step.destination, step.shmBytes);
  }
}

/**
 * The command for `plan`, without the job's words. It leaves out what bwrap cannot do (ids outside, resource limits) or
 * what is neither a namespace nor a mount (the seccomp filter), all to bwrap's advantage.
 */
export function bwrapCommand(plan: LauncherPlan, look: HostLook): BwrapCommand {
  const contents: Record<number, string> = {};
  let next = firstDescriptor;
  const describe = (content: string): number => {
    contents[next] = content;
    return next++;
  };
  const ids = plan.inside === undefined ? [] : ["--uid", String(plan.inside.uid), "--gid", String(plan.inside.gid)];
  const words = [
    ...plan.namespaces.flatMap((kind) => namespaceFlags[kind] ?? []),
    ...(plan.namespaces.includes("user") ? ids : []),
    ...(plan.hostname === undefined ? [] : ["--hostname", plan.hostname]),
    ...alwaysWords,
    ...Object.entries(plan.environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...plan.root.flatMap((step) => stepWords(step, look, describe)),
    "--chdir",
    plan.directory,
  ];
  return { words, contents };
}
