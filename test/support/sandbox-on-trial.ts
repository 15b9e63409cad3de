/**
 * The strategy whose sandboxes a run of the tests is about (scripts/check/strategy-suites.ts), and how what a job finds in
 * it differs: a world of its own, on the host's kernel or on another one, or the caller's world, of which rules let it open
 * what was granted.
 */
import { test } from "bun:test";
import type { Attempt } from "./attempt.ts";

/** None where the choice is left to cupel, which takes `namespaces` on this machine. */
export const strategyOnTrial: string | undefined = process.env["CUPEL_TEST_STRATEGY"];

const isConfined = strategyOnTrial === "landlock";

/** Nobody outside sees the job's processes then, and some answers are another kernel's. */
export const hasOwnKernel: boolean = strategyOnTrial === "gvisor";

/** A runtime makes the sandbox then, which has some ways of its own to do the same. */
export const isContainer: boolean = strategyOnTrial === "podman" || strategyOnTrial === "docker";

/** A service of systemd's, which makes /run and an empty /root in every root of its own. */
export const isUnit: boolean = strategyOnTrial === "systemd";

const { DOCKER_HOST } = process.env;

/** What a caller's environment says of the daemon that was started for the trial (test/support/with-docker.ts). */
export const engineOnTrial: Readonly<Record<string, string>> =
  strategyOnTrial === "docker" && DOCKER_HOST !== undefined ? { DOCKER_HOST } : {};

/** Something lies there which is not the host's, and nobody may enter it. */
export const hasClosedSys: boolean = hasOwnKernel || isContainer || isUnit;

/** What `landlock` lacks always, or for what some tests ask (a grant to write, the host's network): given up by name. */
const confinedLacks = [
  "fs.read",
  "fs.write",
  "fs.metadata",
  "fs.protected",
  "fs.workspace",
  "ipc.sockets",
  "ipc.shared",
  "net.none",
  "priv.escalation",
  "priv.devices",
  "proc.hidden",
  "proc.signal",
  "proc.tree",
  "tty.safe",
];

/** What a run's own words leave out, and the strategy on trial needs said. */
export function flagsOnTrial(own: readonly string[]): string[] {
  if (strategyOnTrial === undefined) return [];
  // It can be changed where overlays work, as in `namespaces`.
  const workspace = hasOwnKernel || own.includes("--workspace") ? [] : ["--workspace", "ro"];
  const accepted = isConfined ? ["--accept-missing", confinedLacks.join(",")] : [];
  return ["--strategy", strategyOnTrial, ...workspace, ...accepted];
}

const notice = /^cupel: running in landlock without (.*), given up by name\n/m;

/** What it says of its lacks, without those that were given up for it: nothing where no other is left. */
export function withoutNotices(stderr: string): string {
  if (!isConfined) return stderr;
  return stderr.replace(notice, (_, names: string) => {
    const left = names.split(", ").filter((name) => !confinedLacks.includes(name));
    return left.length === 0 ? "" : `cupel: running in landlock without ${left.join(", ")}, given up by name\n`;
  });
}

/** The first in a sandbox with a world of its own; the second where the job has the caller's view, and rules. */
export function either<One, Other>(own: One, confined: Other): One | Other {
  return isConfined ? confined : own;
}

/** The first where the job runs on the host's kernel; the second where it has one of its own. */
export function onKernel<One, Other>(hosts: One, own: Other): One | Other {
  return hasOwnKernel ? own : hosts;
}

/** A test of what only the host's kernel shows; elsewhere there is none. */
export const hostKernelTest: (title: string, body: () => void | Promise<void>) => void = (title, body) => {
  if (!hasOwnKernel) test(title, body);
};

/** A test of what only a world of its own has; elsewhere there is none. */
export const ownWorldTest: (title: string, body: () => void | Promise<void>) => void = (title, body) => {
  if (!isConfined) test(title, body);
};

/** What attempts on something give that was not granted: it does not exist, or it is seen and cannot be opened. */
export function denied(attempts: readonly Attempt[]): string[] {
  return attempts.map(([word]) => either("ENOENT", word === "see" ? "ok" : "EACCES"));
}
